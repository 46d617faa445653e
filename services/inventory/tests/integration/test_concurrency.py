"""Many at once: nothing is oversold, nothing deadlocks, and the counters stay the sums of what happened."""

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from inventory.domain.reservation import Owner
from inventory.domain.reserve import Wish
from inventory.operations.reservations import reserve
from kit.errors import Conflict, Refused
from kit.testing import eventually

HOUR = timedelta(hours=1)


async def bought(shop: Any, owner: str, **lines: int) -> bool:
    """Reserves lines as the RPC does; False when there is too little."""
    wishes = [Wish(sku, "", qty) for sku, qty in lines.items()]
    try:
        await shop.run(
            lambda tx: reserve(tx, Owner(shop.business, "cart", "", owner), wishes, HOUR, partial=False)
        )
    except Refused:
        return False
    return True
