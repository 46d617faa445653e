"""What goes on beside the calls: holds that ran out are ended, and what nobody will ask for again is removed."""

from datetime import timedelta

from inventory.operations import stock
from kit import machinery
from kit.db import Tx
from kit.server import Process

TIDY_SECONDS = timedelta(hours=1).total_seconds()


def add(process: Process) -> None:
    """Adds the sweeps to a process."""
    database = process.database

    async def end_expired() -> bool:
        return await database.run(lambda tx, _: stock.end_expired(tx))

    async def tidy() -> bool:
        async def work(tx: Tx, _: object) -> bool:
            for statement in machinery.TIDY:
                await tx.connection.execute(statement)
            return False

        return await database.run(work)

    process.sweep("expired reservations", end_expired)
    process.sweep("tidy", tidy, TIDY_SECONDS)
