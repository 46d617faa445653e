"""Closures are asked for here; the work itself is done outside of any transaction (erp_bridge.work)."""

from uuid import UUID

from erp_bridge.omie.values import bare_number
from erp_bridge.store import closures
from erp_bridge.store.closures import Closure
from kit.db import RETRY, Tx

OPEN = "purchase_order_closures_open"


async def ask(tx: Tx, business: UUID, order: str, item: str, invoice: str, invoice_id: int) -> Closure:
    """Returns the open case of an order: one that is open already, the last failed one for the same invoice, or a new one.

    A number with leading zeros, or blanks around it, means the same order as without, and is kept without them.
    """
    # Two who ask at the same time: the second looks again, and finds the first one's.
    tx.conflicts[OPEN] = RETRY
    order, item, invoice = order.strip(), item.strip(), invoice.strip()
    order = bare_number(order) if order.isdigit() and bare_number(order) else order
    if found := await closures.open_of_order(tx, business, order, item):
        return found
    if found := await closures.reopen_of_order(tx, business, order, item, invoice, invoice_id):
        return found
    return await closures.add(tx, business, order, item, invoice, invoice_id)
