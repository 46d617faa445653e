"""Forgets who a customer is, wherever that may change: what is sealed stays as it is (docs/decisions/erasure.md)."""

from dataclasses import replace
from uuid import UUID

from kit.db import Tx
from kit.merge_patch import merged
from orders.domain import history as kinds
from orders.domain import person
from orders.domain.order import Order
from orders.operations import history
from orders.store import directives, orders, sessions

BATCH = 100


async def forget(tx: Tx, business: UUID, customer: str) -> None:
    """Forgets a customer in his sessions, his orders, and the work on them; where that is done, it leaves no trace."""
    found = await sessions.lock_of_customer(tx, business, customer)
    patched = [(channel, key, merged(data, patch)) for channel, key, data in found if (patch := person.patch(data))]
    sessions.set_data(tx, business, patched)
    # An order that comes from one of the sessions has been committed by now, or is made of what was just written.
    await tx.flush()
    last = ""
    while some := await orders.lock_of_customer(tx, business, customer, last, BATCH):
        for order in some:
            _forget(tx, business, order)
        await tx.flush()
        last = some[-1].ref


def _forget(tx: Tx, business: UUID, order: Order) -> None:
    patch = person.patch(order.data)
    changed = replace(order, data=merged(order.data, patch))
    directives.forget(tx, business, order.ref, changed.data)
    if patch:
        changed = history.record(tx, changed, kinds.DATA_UPDATED, {"patch": patch}, business=business)
        orders.update_order(tx, changed, business)
        orders.update_search(tx, changed, business)
