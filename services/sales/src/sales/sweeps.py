"""What runs beside the calls; any number of processes may run it."""

from collections.abc import Awaitable, Callable
from functools import partial

from kit import tidying
from kit.server import Process
from sales.charges import Charges
from sales.operations import audit

Work = Callable[[], Awaitable[bool]]


def add(process: Process, complete: Work, restock: Work, charges: Charges | None) -> None:
    """Adds the sweeps to the process: complete goes on with sales that nobody drives, restock with goods that return.

    Charges goes to the provider of payments, if there is one.
    """
    database = process.database

    async def extend_chains() -> bool:
        return await database.run(lambda tx, _: audit.extend_chains(tx))

    process.sweep("complete", complete)
    process.sweep("restock", restock)
    if charges:
        process.sweep("charge", charges.go_on)
        process.sweep("look at payments", charges.look)
    process.sweep("extend the audit chains", extend_chains)
    process.sweep("tidy", partial(tidying.tidy, database), tidying.TIDY_SECONDS)
