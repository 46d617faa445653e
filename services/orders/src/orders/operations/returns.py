"""Returns: asked for, received, put back, refunded; the order follows where its flow has a status for it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

import asyncpg

from kit.db import Tx
from kit.errors import NotFound
from orders.domain import channel, flow
from orders.domain import fulfillment as allotment
from orders.domain import history as kinds
from orders.domain import returns as domain
from orders.domain.directive import DONE, Task
from orders.domain.order import Order
from orders.domain.returns import Item, Return
from orders.operations import directives, history, moves, orders
from orders.operations.orders import REFUND, locked
from orders.store import orders as order_store
from orders.store import returns as store
from orders.store.orders import Found

RESTOCK = "stock.restock"


class Wanted(NamedTuple):
    """Part of a line that is to come back."""

    line_id: str
    qty: Decimal
    restock: bool


async def request(tx: Tx, ref: str, wanted: Sequence[Wanted], reason: str, actor_label: str) -> Return:
    """Asks for units of an order to be sent back. Two at once cannot return the same units: each locks the order first.

    Raises NotFound, Invalid(`unknown_line_id`), or Refused (`order_not_returnable`, `quantity_exceeded`).
    """
    found = await locked(tx, ref)
    domain.check_order(found.order.status)
    lines, prices = await store.lines(tx, ref)
    restocked = {each.line_id: each.restock for each in wanted}
    parts = allotment.allot(lines, ((each.line_id, each.qty) for each in wanted))
    new = Return(
        number=await store.next_number(tx),
        order_ref=ref,
        status=domain.REQUESTED,
        items=[Item(part.line_id, part.sku, part.qty, prices[part.line_id], restocked[part.line_id]) for part in parts],
        reason=reason,
        created_at=tx.now,
        updated_at=tx.now,
    )
    await store.insert(tx, new)
    await _follow(tx, found, kinds.RETURN_REQUESTED, new, actor_label)
    return new


async def receive(tx: Tx, number: str, actor_label: str) -> Return:
    """Says that the units have come; those that can be sold again go back to the shelves. Raises NotFound, or Refused."""
    found, before = await _locked(tx, number)
    after = domain.receive(before, tx.now)
    await store.update(tx, after)
    if after.restocked and channel.rules(found.config).uses_stock:
        directives.enqueue(tx, [_restock(found.order, after)])
    await _follow(tx, found, kinds.RETURN_RECEIVED, after, actor_label)
    return after


async def refund(tx: Tx, number: str, amount_q: int | None, actor_label: str) -> Return:
    """Gives the money back. Raises NotFound, or Refused (`return_settled`, `return_refund_exceeded`, `refund_exceeds_total`)."""
    found, before = await _locked(tx, number)
    after = domain.refund(before, amount_q, tx.now)
    await store.update(tx, after)
    await orders.refund_order(tx, found.order.ref, after.refund_q, actor_label, after.reason, return_number=number)
    return after


async def cancel(tx: Tx, number: str, actor_label: str) -> Return:
    """Calls off a return of which nothing has come. Raises NotFound, or Refused(`return_settled`)."""
    found, before = await _locked(tx, number)
    after = domain.cancel(before, tx.now)
    await store.update(tx, after, free=True)
    await _follow(tx, found, kinds.RETURN_CANCELLED, after, actor_label)
    return after


async def settle(tx: Tx, settled: Iterable[asyncpg.Record]) -> None:
    """Writes what directives have done for returns."""
    rows = [row for row in settled if row["return_number"]]
    for statement, topic in ((store.RESTOCKED, RESTOCK), (store.REFUNDED, REFUND)):
        done = [row for row in rows if row["topic"] == topic and row["status"] == DONE]
        await store.mark(tx, statement, sorted((row["business_id"], row["return_number"]) for row in done))


async def _locked(tx: Tx, number: str) -> tuple[Found, Return]:
    """Locks the order before the return, as everybody does who changes both."""
    seen = await store.get(tx, number)
    if seen is None:
        raise NotFound("not_found", number=number)
    found = await locked(tx, seen.order_ref)
    locked_return = await store.get(tx, number, lock=True)
    assert locked_return is not None, "returns are never removed"
    return found, locked_return


async def _follow(tx: Tx, found: Found, kind: str, changed: Return, actor_label: str) -> None:
    """Adds to the order's history, and moves the order where its flow has a status for what happened."""
    entry = {"number": changed.number, "reason": changed.reason}
    order = history.record(tx, found.order, kind, entry, actor_label=actor_label)
    statuses, whole = await store.standing(tx, order.ref)
    status = domain.order_status(statuses, flow.of(found.config).next(order.status), whole)
    if status:
        order = moves.move(tx, replace(found, order=order), status, actor_label=actor_label, reason=changed.reason)
    order_store.update_order(tx, order)


def _restock(order: Order, received: Return) -> Task:
    items = [{"sku": sku, "qty": str(qty)} for sku, qty in received.restocked.items()]
    payload = {"order_ref": order.ref, "return_number": received.number, "items": items}
    return Task(RESTOCK, payload, order.channel_code, order.session_key, order.ref)
