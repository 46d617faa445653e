"""What goes on beside the calls: work that waits is done, what failed of passing causes is tried again, old rows go."""

from functools import partial

from erp_bridge.omie import gate
from erp_bridge.settings import OmieSettings
from erp_bridge.store import closures, orders, transfers, webhooks
from erp_bridge.store.closures import Closure
from erp_bridge.store.orders import ErpOrder
from erp_bridge.store.transfers import Transfer
from erp_bridge.work.closures import Closures
from erp_bridge.work.orders import Orders
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
    copier: Worker[Transfer],
    closer: Worker[Closure],
    closing: Closures,
    following: Webhooks,
    booker: Worker[ErpOrder],
    booking: Orders,
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
    if settings.configured:
        process.sweep("transfers", copier.due)
        process.sweep("closures", closer.due)
        process.sweep("webhooks", following.due)
        process.sweep("orders", booker.due)
        process.sweep("orders that wait for an invoice", booking.watch, min(LOOK_SECONDS, settings.order_look_seconds))
        process.sweep("what failed", again, AGAIN_SECONDS)
        process.sweep("closures that wait for a person", closing.watch, settings.po_watch_seconds)
        process.sweep("receipts not asked for", closing.ask_for_receipts, settings.po_watch_seconds)
