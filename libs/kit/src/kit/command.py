"""The command line of a service: `python -m SERVICE [serve|migrate]`."""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from kit import server
from kit.settings import Settings


def run(service: ModuleType, serve: Callable[[], Any], settings: Callable[[], Settings]) -> None:
    """Runs what the argument names: `serve`, the default, or `migrate`."""
    command = sys.argv[1] if len(sys.argv) > 1 else "serve"
    if command == "migrate":
        # Not above: what migrates is 20 MB of memory that no process that serves has any use for.
        from kit import migrations

        migrations.upgrade(service, settings().database_url.get_secret_value())
    elif command == "serve":
        server.run(serve)
    else:
        sys.exit(f"usage: python -m {service.__name__} [serve|migrate], not {command}")
