"""What runs beside the calls; any number of processes may run it."""

from collections.abc import Awaitable, Callable
from functools import partial

from kit import tidying
from kit.db import Database, Tx
from kit.identity import Identity
from kit.server import Process
from sales.charges import Charges
from sales.operations import audit, jobs
from sales.store import jobs as store

CREDIT_SECONDS = 3600.0

Work = Callable[[], Awaitable[bool]]


def add(process: Process, complete: Work, restock: Work, charges: Charges | None) -> None:
    """Adds the sweeps to the process: complete goes on with sales that nobody drives, restock with goods that return.

    Charges goes to the provider of payments, if there is one.
    """
    database = process.database
    process.sweep("complete", complete)
    process.sweep("restock", restock)
    if charges:
        process.sweep("charge", charges.go_on)
        process.sweep("look at payments", charges.look)
    process.sweep("extend the audit chains", _whole(database, audit.extend_chains))
    process.sweep("tidy", partial(tidying.tidy, database), tidying.TIDY_SECONDS)


def add_jobs(process: Process, seconds: float) -> None:
    """Adds what is told without anybody asking, every so many seconds."""
    database = process.database
    process.sweep("remind", _whole(database, jobs.remind), seconds)
    process.sweep("end days", _whole(database, jobs.end_days), seconds)
    process.sweep("abandon idle drafts", partial(_abandon_idle, database), seconds)
    process.sweep("check credit", _whole(database, jobs.check_credit), max(seconds, CREDIT_SECONDS))


def _whole(database: Database, work: Callable[[Tx], Awaitable[bool]]) -> Work:
    async def run() -> bool:
        return await database.run(lambda tx, _: work(tx))

    return run


async def _abandon_idle(database: Database) -> bool:
    found = await database.read(lambda tx: store.idle_drafts(tx, jobs.IDLE_HOURS, jobs.BATCH))
    for business, sale_id in found:
        identity = Identity(business, 0, "system")
        await database.run(lambda tx, _, each=sale_id: jobs.abandon_idle(tx, each), identity=identity)  # type: ignore[misc]  # mypy knows no type of a lambda's default
    return len(found) == jobs.BATCH
