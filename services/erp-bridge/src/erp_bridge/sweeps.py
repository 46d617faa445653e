"""What goes on beside the calls: work that waits is done, what failed of passing causes is tried again, old rows go."""

from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from erp_bridge.omie import gate
from erp_bridge.settings import OmieSettings
from erp_bridge.store import closures, orders, transfers, webhooks
from erp_bridge.store.closures import Closure
from erp_bridge.store.orders import ErpOrder
from erp_bridge.store.transfers import Transfer
from erp_bridge.work.accounts import Account, Accounts
from erp_bridge.work.webhooks import Webhooks
from erp_bridge.work.worker import Worker
from kit import tidying
from kit.server import Process

GATE_SECONDS = 60.0
LOOK_SECONDS = 60.0
AGAIN_SECONDS = 60.0
"""How often is looked for what failed five minutes ago."""


def add(
    process: Process,
    settings: OmieSettings,
    accounts: Accounts,
    copier: Worker[Transfer],
    closer: Worker[Closure],
    booker: Worker[ErpOrder],
    following: Webhooks,
) -> None:
    """Adds the sweeps to a process; without an account there is no work to do."""
    database = process.database

    async def again() -> bool:
        await database.run(lambda tx, _: transfers.reopen_what_may_pass(tx))
        await database.run(lambda tx, _: closures.reopen_what_may_pass(tx))
        return False

    process.sweep("tidy", partial(tidying.tidy, database), tidying.TIDY_SECONDS)

    async def tidy_webhooks() -> bool:
        await database.run(lambda tx, _: webhooks.tidy(tx))
        return False

    async def tidy_orders() -> bool:
        await database.run(lambda tx, _: orders.forget_unasked(tx))
        return False

    process.sweep("tidy the webhooks", tidy_webhooks, tidying.TIDY_SECONDS)
    process.sweep("tidy the orders", tidy_orders, tidying.TIDY_SECONDS)
    process.sweep("tidy the gate", partial(gate.tidy, database), GATE_SECONDS)

    def in_each(work: Callable[[Account, UUID], Awaitable[None]]) -> Callable[[], Awaitable[bool]]:
        async def done() -> bool:
            async for business, account in accounts.each():
                await work(account, business)
            return False

        return done

    if accounts.names:
        process.sweep("transfers", copier.due)
        process.sweep("closures", closer.due)
        process.sweep("webhooks", following.due)
        process.sweep("orders", booker.due)
        process.sweep("what failed", again, AGAIN_SECONDS)
        look = in_each(lambda account, business: account.orders.watch(business))
        process.sweep("orders that wait for an invoice", look, min(LOOK_SECONDS, settings.order_look_seconds))
        watch = in_each(lambda account, business: account.closures.watch(business))
        process.sweep("closures that wait for a person", watch, settings.po_watch_seconds)
        ask = in_each(lambda account, business: account.closures.ask_for_receipts(business))
        process.sweep("receipts not asked for", ask, settings.po_watch_seconds)
