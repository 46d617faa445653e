"""The kinds of work: each piece is done in the account of its business, and fails where that has none."""

from collections.abc import Awaitable, Callable
from typing import Any

from erp_bridge.domain.export import State
from erp_bridge.store import closures, orders, transfers
from erp_bridge.store.closures import Closure
from erp_bridge.store.orders import ErpOrder
from erp_bridge.store.transfers import Transfer
from erp_bridge.texts import words
from erp_bridge.work.accounts import Account, Accounts
from erp_bridge.work.worker import J, Trade
from kit.db import Database, Tx
from kit.errors import Refused


def copying(database: Database, accounts: Accounts) -> Trade[Transfer]:
    """Copies attachments."""

    async def refuse(tx: Tx, transfer: Transfer, code: str) -> None:
        so_far = (transfer.anexos_transferidos, transfer.total_anexos)
        # No try is used up, and it is tried again by itself: somebody may bind an account.
        await transfers.finish(tx, transfer, "failed", *so_far, words(code, "pt"), transfer.detalhes, True, True)

    return _trade(transfers, database, accounts, lambda account: account.transfers.run, refuse)


def closing(database: Database, accounts: Accounts) -> Trade[Closure]:
    """Closes purchase orders."""

    async def refuse(tx: Tx, case: Closure, code: str) -> None:
        await closures.finish(tx, case, words(code, "pt"), case.detalhes, may_pass=True, held_back=True)

    return _trade(closures, database, accounts, lambda account: account.closures.run, refuse)


def booking(database: Database, accounts: Accounts) -> Trade[ErpOrder]:
    """Books orders."""

    async def refuse(tx: Tx, order: ErpOrder, code: str) -> None:
        await orders.finish(tx, order, State.FAILED, code=code, held_back=True)

    return _trade(orders, database, accounts, lambda account: account.orders.run, refuse)


def _trade(
    rows: Any,
    database: Database,
    accounts: Accounts,
    run: Callable[[Account], Callable[[J], Awaitable[None]]],
    refuse: Callable[[Tx, J, str], Awaitable[None]],
) -> Trade[J]:
    async def done(job: J) -> None:
        try:
            account = await accounts.of(job.business_id)
        except Refused as refused:
            code = refused.code
            await database.run(lambda tx, _: refuse(tx, job, code))
        else:
            await run(account)(job)

    return Trade(rows.claim_one, rows.claim_due, rows.prolong, rows.one, done)
