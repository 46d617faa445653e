"""Orders: moved through their flow, cancelled, refunded, remarked on."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kit.db import Tx
from kit.errors import Invalid, NotFound
from kit.merge_patch import merged
from orders.domain import history as kinds
from orders.domain import order as domain
from orders.domain.directive import Task
from orders.domain.order import Order
from orders.operations import directives, history, moves
from orders.store import directives as directive_store
from orders.store import orders as store
from orders.store.orders import Found

REFUND = "payment.refund"


async def locked(tx: Tx, ref: str) -> Found:
    """Returns the order, locked until the transaction ends; raises NotFound."""
    found = await store.order(tx, ref, lock=True)
    if found is None:
        raise NotFound("not_found", ref=ref)
    return found


async def transition_order(tx: Tx, ref: str, status: str, actor_label: str, reason: str) -> tuple[Order, str]:
    """Moves an order and returns it with the status it had; a cancelled one gives its stock back.

    Raises NotFound, or Refused (`terminal_status`, `invalid_transition`).
    """
    found = await locked(tx, ref)
    order = moves.move(tx, found, status, actor_label=actor_label, reason=reason)
    store.update_order(tx, order)
    return order, found.order.status


async def cancel_order(tx: Tx, ref: str, actor_label: str, reason: str) -> Found:
    """Cancels an order where its flow allows that (source 001, decision 55). Raises NotFound, or Refused."""
    found = await locked(tx, ref)
    order = moves.move(tx, found, kinds.CANCELLED, actor_label=actor_label, reason=reason)
    store.update_order(tx, order)
    return replace(found, order=order)


async def refund_order(
    tx: Tx, ref: str, amount_q: int, actor_label: str, reason: str, *, return_number: str = ""
) -> tuple[Order, str]:
    """Queues a refund of that many minor units; returns the order and the directive's id.

    What was asked for before counts unless it failed or was cancelled. Raises NotFound, or Refused(`refund_exceeds_total`).
    """
    order = (await locked(tx, ref)).order
    domain.check_refund(order, amount_q, await directive_store.amount_q(tx, ref, REFUND))
    payload = {
        "order_ref": ref,
        "channel_code": order.channel_code,
        "session_key": order.session_key,
        "intent_id": domain.intent(order),
        "amount_q": amount_q,
        "currency": order.currency,
        "reason": reason,
        **({"return_number": return_number} if return_number else {}),
    }
    [identifier] = directives.enqueue(tx, [Task(REFUND, payload, order.channel_code, order.session_key, ref)])
    entry = {"amount_q": amount_q, "reason": reason, "directive_id": str(identifier)}
    order = history.record(tx, order, kinds.REFUND_REQUESTED, entry, actor_label=actor_label)
    store.update_order(tx, order)
    return order, str(identifier)


async def update_order(tx: Tx, ref: str, patch: Mapping[str, Any], actor_label: str) -> Found:
    """Changes an order's data by a merge patch; one that changes nothing leaves no trace. Raises NotFound."""
    found = await locked(tx, ref)
    data = merged(found.order.data, patch)
    if data == found.order.data:
        return found
    changed = replace(found.order, data=data)
    order = history.record(tx, changed, kinds.DATA_UPDATED, {"patch": patch}, actor_label=actor_label)
    store.update_order(tx, order)
    store.update_search(tx, order)
    return replace(found, order=order)


async def record_event(tx: Tx, ref: str, kind: str, payload: Mapping[str, Any], actor_label: str) -> int:
    """Adds a caller's own remark to an order's history; returns its number.

    Raises NotFound, or Invalid(`missing_event_type`, `reserved_event_type`) for what only the hub itself writes.
    """
    if not kind.strip():
        raise Invalid("missing_event_type", field="type")
    if kind in kinds.RESERVED:
        raise Invalid("reserved_event_type", type=kind, field="type")
    order = history.record(tx, (await locked(tx, ref)).order, kind, payload, actor_label=actor_label)
    store.update_order(tx, order)
    return order.last_seq
