"""What goes on beside the calls: holds that ran out end, alerts open and close, and what nobody will ask for again goes."""

from functools import partial

from inventory.operations import alerts, expiry
from inventory.store import allocations
from kit import tidying
from kit.server import Process


def add(process: Process) -> None:
    """Adds the sweeps to a process."""
    database = process.database

    async def end_expired() -> bool:
        return await database.run(lambda tx, _: expiry.end_expired(tx))

    async def look_at_alerts() -> bool:
        return await database.run(lambda tx, _: alerts.look(tx))

    async def forget_allocations() -> bool:
        return await database.run(lambda tx, _: allocations.forget(tx))

    process.sweep("old allocations", forget_allocations, tidying.TIDY_SECONDS)
    process.sweep("expired reservations", end_expired)
    process.sweep("stock alerts", look_at_alerts)
    process.sweep("tidy", partial(tidying.tidy, database), tidying.TIDY_SECONDS)
