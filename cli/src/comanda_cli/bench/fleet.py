"""A fleet under a home of its own that ends and vanishes with the measurement."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from comanda_cli.fleet import ending, starting
from comanda_cli.fleet.home import Home

# A measurement must not touch servers that others use.
FOREIGN = ("COMANDA_DATABASE_URL", "COMANDA_NATS_URL", "COMANDA_STREAM_PREFIX")


@contextmanager
def temporary_fleet(tell: Callable[[str], None]) -> Iterator[Home]:
    """Starts everything, with ports of its own, under a temporary home; raises FleetError. Ends and removes it afterwards."""
    for name in FOREIGN:
        os.environ.pop(name, None)
    home = Home(Path(tempfile.mkdtemp(prefix="comanda-bench-")).resolve())
    try:
        supervisor = starting.start(home, None, tell, bound=True)
        try:
            yield home
        finally:
            ending.end(home)
            supervisor.wait()
    finally:
        shutil.rmtree(home.path, ignore_errors=True)
