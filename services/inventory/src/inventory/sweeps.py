"""What goes on beside the calls: holds that ran out are ended, and what nobody will ask for again is removed."""

from functools import partial

from inventory.operations import expiry
from kit import machinery
from kit.server import Process


def add(process: Process) -> None:
    """Adds the sweeps to a process."""
    database = process.database

    async def end_expired() -> bool:
        return await database.run(lambda tx, _: expiry.end_expired(tx))

    process.sweep("expired reservations", end_expired)
    process.sweep("tidy", partial(machinery.tidy, database), machinery.TIDY_SECONDS)
