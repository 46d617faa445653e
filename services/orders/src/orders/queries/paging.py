"""Lists that are planned with what is asked for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kit.db import Tx

PLANNED = "select set_config('plan_cache_mode', 'force_custom_plan', true)"


@asynccontextmanager
async def planned(tx: Tx) -> AsyncIterator[None]:
    """Plans each statement with its values, all of them seeing the same rows.

    Which index serves a list best depends on which filters are given, and with what: a plan costs less than a wrong choice.
    """
    async with tx.connection.transaction(isolation="repeatable_read", readonly=True):
        await tx.connection.execute(PLANNED)
        yield
