"""What runs beside the calls: directives that are due, and rows that have had their time."""

import asyncpg
from prometheus_client import Gauge

from kit import machinery
from kit.db import Tx
from kit.server import Process
from orders.operations import directives
from orders.store import directives as store

OLDEST = Gauge("comanda_oldest_directive_seconds", "How long the directive that waits longest has been due.")
TIDY_SECONDS = 300.0


def add(process: Process) -> None:
    """Adds the sweeps to the process; any number of processes may run them."""
    database = process.database

    async def send_due() -> bool:
        return await database.run(lambda tx, _: directives.send_due(tx))

    async def measure() -> bool:
        OLDEST.set(await database.read(store.oldest_seconds))
        return False

    async def tidy() -> bool:
        await database.run(_tidy)
        return False

    process.sweep("send due directives", send_due)
    process.sweep("measure the queue", measure, 5.0)
    process.sweep("tidy", tidy, TIDY_SECONDS)


async def _tidy(tx: Tx, _: asyncpg.Record) -> None:
    for statement in machinery.TIDY:
        await tx.connection.execute(statement)
