"""One piece of work of a command with the public API."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from comanda_cli.api import Api, Refusal
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home

T = TypeVar("T")


def errand(home: Home, api_key: str | None, work: Callable[[Api], Coroutine[Any, Any, T]]) -> T:
    """Does the work with the key, or the home's own; a refusal is told in a line, with what it is about."""

    async def connected() -> T:
        async with Api.of(home, 1, api_key) as api:
            return await work(api)

    try:
        return asyncio.run(connected())
    except Refusal as refusal:
        about = f" {json.dumps(refusal.context, ensure_ascii=False)}" if refusal.context else ""
        raise FleetError(f"{refusal}{about}") from refusal
