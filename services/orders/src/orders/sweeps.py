"""What runs beside the calls: directives that are due, and rows that have had their time."""

from datetime import timedelta
from functools import partial

from prometheus_client import Gauge

from kit import tidying
from kit.server import Process
from orders.operations import due, idle, marketplaces
from orders.store import directives as store

IDLE_SECONDS = 60.0
OLDEST = Gauge("comanda_oldest_directive_seconds", "How long the directive that waits longest has been due.")


def add(process: Process, session_ttl: timedelta) -> None:
    """Adds the sweeps to the process; any number of processes may run them."""
    database = process.database

    async def send_due() -> bool:
        return await database.run(lambda tx, _: due.send_due(tx))

    async def abandon_idle() -> bool:
        return await database.run(lambda tx, _: idle.abandon_idle(tx, session_ttl))

    async def measure() -> bool:
        OLDEST.set(await database.read(store.oldest_seconds))
        return False

    process.sweep("send due directives", send_due)
    process.sweep("follow marketplaces", partial(marketplaces.follow_next, database))
    process.sweep("measure the queue", measure, 5.0)
    process.sweep("abandon idle sessions", abandon_idle, IDLE_SECONDS)
    process.sweep("tidy", partial(tidying.tidy, database), tidying.TIDY_SECONDS)
