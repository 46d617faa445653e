"""What finished work leaves in the history of its order: money that moved, or did not, and stock that came back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import asyncpg

from comanda.sales.directives.v1 import directives_pb2 as sales
from comanda.types.v1 import messaging_pb2
from kit.consumer import Received
from kit.db import Tx
from orders.domain import history as kinds
from orders.domain.directive import DONE, FAILED
from orders.operations import history, moves
from orders.store import orders as store
from orders.store.orders import Found

DONE_KINDS: Mapping[str, str] = {
    "payment.authorize": kinds.PAYMENT_AUTHORIZED,
    "payment.confirm": kinds.PAYMENT_AUTHORIZED,
    "payment.capture": kinds.PAYMENT_CAPTURED,
    "payment.refund": kinds.PAYMENT_REFUNDED,
    "stock.release": kinds.INVENTORY_RELEASED,
}
PAYMENT = "payment."
Settled = Received[messaging_pb2.DirectiveSettled]


async def record(tx: Tx, settled: Sequence[asyncpg.Record], batch: Sequence[Settled]) -> None:
    """Adds to the histories of the orders what the settled directives did for them, one order after the other (O-P5)."""
    told = {(row["business_id"], str(row["id"])): row for row in settled if row["order_ref"] and _kind(row)}
    if not told:
        return
    places = sorted({(row["business_id"], row["order_ref"]) for row in told.values()})
    found = {(business, each.order.ref): each for business, each in await store.lock_places(tx, places)}
    for message in batch:
        row = told.pop((message.business, message.message.directive_id), None)
        order = found.get((row["business_id"], row["order_ref"])) if row else None
        if row and order:
            found[(row["business_id"], row["order_ref"])] = _added(tx, order, row, message.message)
    for (business, _), each in found.items():
        store.update_order(tx, each.order, business)
    # What follows in this transaction looks at the same orders again.
    await tx.flush()
    await moves.advance_all(tx, "on_refund", await store.refunded(tx, places))


def _kind(row: asyncpg.Record) -> str:
    if row["status"] == FAILED and row["topic"].startswith(PAYMENT):
        return kinds.PAYMENT_FAILED
    return DONE_KINDS.get(row["topic"], "") if row["status"] == DONE else ""


def _added(tx: Tx, found: Found, row: asyncpg.Record, message: messaging_pb2.DirectiveSettled) -> Found:
    entry: dict[str, Any] = {"directive_id": str(row["id"])}
    if row["status"] == FAILED:
        entry |= {"topic": row["topic"], "error_code": row["error_code"], "error": row["last_error"]}
    elif row["topic"].startswith(PAYMENT):
        entry |= _payment(message) | ({"reason": row["reason"]} if row["reason"] else {})
    order = history.record(tx, found.order, _kind(row), entry, business=row["business_id"])
    return replace(found, order=order)


def _payment(message: messaging_pb2.DirectiveSettled) -> dict[str, Any]:
    result = sales.PaymentResult()
    message.result.Unpack(result)
    return {
        "intent_id": result.intent_id,
        "transaction_id": result.transaction_id,
        "amount_q": result.amount_q,
    }
