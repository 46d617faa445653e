"""Orders move through their flow: because somebody says so, or because of what happened around them."""

from collections.abc import Iterable
from uuid import UUID

from comanda.orders.events.v1 import events_pb2
from kit import outbox
from kit.db import Tx
from orders.domain import channel, flow
from orders.domain import order as domain
from orders.domain.directive import release
from orders.domain.order import Order
from orders.operations import directives
from orders.store import orders as store
from orders.store.orders import Found

CANCELLED = "cancelled"


def move(
    tx: Tx,
    found: Found,
    status: str,
    *,
    actor_label: str = "",
    reason: str = "",
    trigger: str = "",
    business: UUID | None = None,
) -> Order:
    """Returns a locked order in another status, with its history, event, and directives written; the caller saves the order.

    A cancelled one gives its stock back. The business is the caller's unless given. Raises Refused (`terminal_status`,
    `invalid_transition`).
    """
    owner, previous = business or tx.business, found.order.status
    order = domain.transition(found.order, flow.of(found.config), status, tx.now)
    told = {"reason": reason, "trigger": trigger}
    payload = {"old_status": previous, "new_status": order.status, **{key: text for key, text in told.items() if text}}
    store.insert_event(tx, order.ref, order.last_seq, "status_changed", payload, actor_label, owner)
    event = events_pb2.OrderStatusChanged(
        ref=order.ref,
        channel_code=order.channel_code,
        previous_status=previous,
        status=order.status,
        reason=reason,
        seq=order.last_seq,
    )
    outbox.add(tx, f"order/{order.ref}", event, business=owner)
    if order.status == CANCELLED and channel.rules(found.config).uses_stock:
        task = release(order.channel_code, order.session_key, reason or CANCELLED, order.ref)
        directives.enqueue(tx, [task], owner)
    return order


def advance(tx: Tx, found: Found, trigger: str, business: UUID | None = None) -> Order:
    """Returns a locked order moved as its flow says for the trigger (one of `flow.TRIGGERS`); the caller saves the order.

    It stays as it is where the flow says nothing, or does not allow the move from where the order is by now: what
    happens twice, or too late, is no error.
    """
    target = flow.of(found.config).target(found.order.status, trigger)
    return move(tx, found, target, trigger=trigger, business=business) if target else found.order


async def advance_all(tx: Tx, trigger: str, places: Iterable[tuple[UUID, str]]) -> None:
    """Moves and saves the orders, each named by business and ref, as their flows say for the trigger."""
    wanted = sorted(set(places))
    for business, found in await store.lock_triggered(tx, trigger, wanted) if wanted else ():
        moved = advance(tx, found, trigger, business)
        if moved is not found.order:
            store.update_order(tx, moved, business)
