"""What finished work leaves in the history of its order: money that moved, or did not, and stock that came back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from comanda.sales.directives.v1 import directives_pb2 as sales
from comanda.types.v1 import messaging_pb2
from kit.consumer import Received
from kit.db import Tx
from orders.domain import history as kinds
from orders.domain.directive import DONE, FAILED
from orders.operations import history, moves
from orders.store import orders as store

DONE_KINDS: Mapping[str, str] = {
    "payment.authorize": kinds.PAYMENT_AUTHORIZED,
    "payment.confirm": kinds.PAYMENT_AUTHORIZED,
    "payment.capture": kinds.PAYMENT_CAPTURED,
    "payment.refund": kinds.PAYMENT_REFUNDED,
    "stock.release": kinds.INVENTORY_RELEASED,
}
TRANSACTION = {
    kinds.PAYMENT_AUTHORIZED: "transaction_id",
    kinds.PAYMENT_CAPTURED: "transaction_id",
    kinds.PAYMENT_REFUNDED: "refund_id",
}
"""What the entries about money call the provider's own id of what it did."""
PAYMENT = "payment."
Settled = Received[messaging_pb2.DirectiveSettled]


class Told(NamedTuple):
    """What an order's history is told."""

    business: UUID
    order_ref: str
    kind: str
    entry: Mapping[str, Any]


async def record(tx: Tx, settled: Sequence[asyncpg.Record], batch: Sequence[Settled]) -> None:
    """Adds to the histories of the orders what the settled directives did for them (O-P5)."""
    about = {(row["business_id"], str(row["id"])): row for row in settled if row["order_ref"] and _kind(row)}
    pairs = [(about.pop((each.business, each.message.directive_id), None), each.message) for each in batch]
    await write(
        tx, [Told(row["business_id"], row["order_ref"], _kind(row), _entry(row, word)) for row, word in pairs if row]
    )


async def write(tx: Tx, told: Sequence[Told]) -> None:
    """Adds entries to the histories of the orders that there are, one order after the other.

    Money that moved stands there once, however it is told: by the directive that asked for it, and by the payment itself.
    """
    if not told:
        return
    places = sorted({each[:2] for each in told})
    found = {(business, each.order.ref): each for business, each in await store.lock_places(tx, places)}
    known = await store.transactions(tx, places)
    for each in told:
        transaction = (*each[:3], each.entry.get(TRANSACTION.get(each.kind, ""), ""))
        if each[:2] in found and (not transaction[-1] or transaction not in known):
            order = history.record(tx, found[each[:2]].order, each.kind, each.entry, business=each.business)
            found[each[:2]] = replace(found[each[:2]], order=order)
            known.add(transaction)
    for (business, _), each_found in found.items():
        store.update_order(tx, each_found.order, business)
    # What follows in this transaction looks at the same orders again.
    await tx.flush()
    await moves.advance_all(tx, "on_refund", await store.refunded(tx, places))


def _kind(row: asyncpg.Record) -> str:
    if row["status"] == FAILED and row["topic"].startswith(PAYMENT):
        return kinds.PAYMENT_FAILED
    return DONE_KINDS.get(row["topic"], "") if row["status"] == DONE else ""


def _entry(row: asyncpg.Record, message: messaging_pb2.DirectiveSettled) -> dict[str, Any]:
    entry: dict[str, Any] = {"directive_id": str(row["id"])}
    if row["status"] == FAILED:
        return entry | {"topic": row["topic"], "error_code": row["error_code"], "error": row["last_error"]}
    if not row["topic"].startswith(PAYMENT):
        return entry
    return entry | _payment(_kind(row), message) | ({"reason": row["reason"]} if row["reason"] else {})


def _payment(kind: str, message: messaging_pb2.DirectiveSettled) -> dict[str, Any]:
    result = sales.PaymentResult()
    message.result.Unpack(result)
    return money(kind, result.intent_id, result.transaction_id, result.amount_q)


def money(kind: str, intent_id: str, transaction_id: str, amount_q: int) -> dict[str, Any]:
    """Returns the entry about an amount (minor units) that a provider moved (O-P5)."""
    return {"intent_id": intent_id, TRANSACTION[kind]: transaction_id, "amount_q": amount_q}
