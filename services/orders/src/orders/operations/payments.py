"""Money of orders that moved without a directive of theirs: somebody asked the provider, or the buyer paid."""

from collections.abc import Sequence
from typing import Any

from kit.consumer import Received
from kit.db import Tx
from orders.domain.history import PAYMENT_REFUNDED
from orders.operations import entries, moves
from orders.operations.entries import Told


async def note(tx: Tx, kind: str, batch: Sequence[Received[Any]]) -> None:
    """Adds a kind of entry to the histories of the orders, and moves them as a directive that asked for it would.

    What a directive asked for is left to the directive.
    """
    told = [_told(kind, each) for each in batch if each.message.order_ref and not each.message.directive_id]
    await entries.write(tx, told)
    if kind != PAYMENT_REFUNDED:
        await moves.advance_all(tx, "on_payment_confirm", [each[:2] for each in told])


def _told(kind: str, received: Received[Any]) -> Told:
    event = received.message
    transaction_id = event.refund_id if kind == PAYMENT_REFUNDED else event.transaction_id
    entry = entries.money(kind, event.intent_id, transaction_id, event.amount_q)
    reason = {"reason": event.reason} if kind == PAYMENT_REFUNDED and event.reason else {}
    return Told(received.business, event.order_ref, kind, entry | reason)
