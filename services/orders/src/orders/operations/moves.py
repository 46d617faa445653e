"""Orders move through their flow: because somebody says so, or because of what happened around them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from comanda.orders.events.v1 import events_pb2
from kit import outbox
from kit.db import Tx
from orders.domain import channel, flow, marketplace, notification, preorder
from orders.domain import order as domain
from orders.domain.directive import Task, release
from orders.domain.history import CANCELLED, STATUS_CHANGED
from orders.domain.order import Order
from orders.operations import directives, history
from orders.store import directives as directive_store
from orders.store import fulfillments
from orders.store import orders as store
from orders.store.orders import Found

NOTIFY = "notification.send"
CREDIT_HOLD, CREDIT_POST, CREDIT_RELEASE = "credit.hold", "credit.post", "credit.release"
COMPLETED = "completed"


def move(tx: Tx, found: Found, status: str, *, actor_label: str = "", reason: str = "") -> Order:
    """Returns a locked order in another status, with its history, events, and directives written; the caller saves the order.

    A cancelled one gives its stock back. Raises Refused (`terminal_status`, `invalid_transition`).
    """
    moved = domain.transition(found.order, flow.of(found.config), status, tx.now)
    return _record(tx, found, moved, {"reason": reason}, actor_label, tx.business)


def advance(tx: Tx, found: Found, trigger: str, business: UUID | None = None) -> Order:
    """Returns a locked order moved as its flow says for the trigger (one of `flow.TRIGGERS`); the caller saves the order.

    It stays as it is where the flow says nothing, or does not allow the move from where the order is by now: what
    happens twice, or too late, is no error. The business is the caller's unless given.
    """
    moved = domain.triggered(found.order, flow.of(found.config), trigger, tx.now)
    return _record(tx, found, moved, {"trigger": trigger}, "", business or tx.business)


def _record(
    tx: Tx, found: Found, moved: Iterable[Order], why: Mapping[str, str], actor_label: str, business: UUID
) -> Order:
    """Tells history, listeners, and those who must act of each step, and returns the order after the last."""
    order, rules = found.order, channel.rules(found.config)
    for step in moved:
        after = replace(step, last_seq=order.last_seq + 1)
        _tell(tx, order.status, after, why, actor_label, business)
        tasks = [*_tasks(after, rules, why.get("reason", "")), *_outward(tx, after, rules, why)]
        directives.enqueue(tx, tasks, business)
        order = after
        if order.status == CANCELLED:
            fulfillments.cancel_inside(tx, order.ref, business)
            if order.data.get("is_preorder"):
                directive_store.cancel_reminders(tx, business, order.ref, preorder.TEMPLATE)
            entry = {"reason": why.get("reason", ""), "reservations_released": found.holds}
            order = history.record(tx, order, CANCELLED, entry, actor_label=actor_label, business=business)
    return order


def _tell(tx: Tx, previous: str, order: Order, why: Mapping[str, str], actor_label: str, business: UUID) -> None:
    payload = {"old_status": previous, "new_status": order.status, **{key: text for key, text in why.items() if text}}
    store.insert_event(tx, order.ref, order.last_seq, STATUS_CHANGED, payload, actor_label, business)
    event = events_pb2.OrderStatusChanged(
        ref=order.ref,
        channel_code=order.channel_code,
        previous_status=previous,
        status=order.status,
        reason=why.get("reason", ""),
        seq=order.last_seq,
    )
    outbox.add(tx, f"order/{order.ref}", event, business=business)


def _outward(tx: Tx, order: Order, rules: channel.Rules, why: Mapping[str, str]) -> list[Task]:
    """Returns what the order's marketplace is to be told: not what it said itself, but what followed from that by itself."""
    word = rules.outward.get(order.status)
    echo = tx.actor.startswith(marketplace.ACTOR) and "trigger" not in why
    if not word or not order.external_ref or echo:
        return []
    payload = {
        "order_ref": order.ref,
        "channel_code": order.channel_code,
        "external_ref": order.external_ref,
        "order_status": order.status,
        "status": word,
        "reason": why.get("reason", ""),
        "seq": order.last_seq,
    }
    return [Task(marketplace.TOPIC, payload, order.channel_code, order.session_key, order.ref)]


def _tasks(order: Order, rules: channel.Rules, reason: str) -> list[Task]:
    """Returns the work that an order's new status asks for."""
    tasks = notifications(order, rules, order.status)
    if order.status == CANCELLED:
        # Whatever the channel says: an order may have been given stock by a directive of its own.
        tasks.append(release(order.channel_code, order.session_key, reason or CANCELLED, order.ref))
    if CREDIT_HOLD in rules.post_commit:
        tasks.extend(_on_account(order, reason))
    return tasks


def _on_account(order: Order, reason: str) -> list[Task]:
    """Returns the work on the customer's account: he owes what is completed, and nothing of what is cancelled."""
    payload = domain.named(order)
    place = (order.channel_code, order.session_key, order.ref)
    if order.status == COMPLETED:
        return [Task(CREDIT_POST, payload, *place)]
    return (
        [Task(CREDIT_RELEASE, payload | {"reason": reason or CANCELLED}, *place)] if order.status == CANCELLED else []
    )


def notifications(order: Order, rules: channel.Rules, happened: str) -> list[Task]:
    """Returns the work of telling what happened to an order, where its channel wants that told."""
    event = f"order.{happened}"
    if event not in rules.told:
        return []
    payload = {
        "event": event,
        "order_ref": order.ref,
        "channel_code": order.channel_code,
        "backend": rules.told_by,
        "context": notification.context(order.status, rules.labels, rules.terms),
    }
    return [Task(NOTIFY, payload, order.channel_code, order.session_key, order.ref)]


async def advance_all(tx: Tx, trigger: str, places: Iterable[tuple[UUID, str]]) -> None:
    """Moves and saves the orders, each named by business and ref, as their flows say for the trigger."""
    wanted = sorted(set(places))
    for business, found in await store.lock_triggered(tx, trigger, wanted) if wanted else ():
        moved = advance(tx, found, trigger, business)
        if moved is not found.order:
            store.update_order(tx, moved, business)
    # Whoever comes next in this transaction may look at the same orders.
    await tx.flush()
