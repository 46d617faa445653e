"""Orders: moved through their flow."""

from comanda.orders.events.v1 import events_pb2
from kit import outbox
from kit.db import Tx
from kit.errors import NotFound
from orders.domain import channel, flow
from orders.domain import order as domain
from orders.domain.order import Order
from orders.operations import directives
from orders.operations.sessions import release
from orders.store import orders as store

CANCELLED = "cancelled"


async def transition_order(tx: Tx, ref: str, status: str, actor_label: str, reason: str) -> tuple[Order, str]:
    """Moves an order and returns it with the status it had; a cancelled one gives its stock back.

    Raises NotFound, or Refused (`terminal_status`, `invalid_transition`).
    """
    found = await store.order(tx, ref, lock=True)
    if found is None:
        raise NotFound("not_found", ref=ref)
    previous = found.order.status
    order = domain.transition(found.order, flow.of(found.config), status, tx.now)
    store.update_order(tx, order)
    payload = {"old_status": previous, "new_status": order.status, **({"reason": reason} if reason else {})}
    store.insert_event(tx, ref, order.last_seq, "status_changed", payload, actor_label)
    event = events_pb2.OrderStatusChanged(
        ref=ref,
        channel_code=order.channel_code,
        previous_status=previous,
        status=order.status,
        reason=reason,
        seq=order.last_seq,
    )
    outbox.add(tx, f"order/{ref}", event)
    if order.status == CANCELLED and channel.rules(found.config).uses_stock:
        directives.enqueue(tx, [release(order.channel_code, order.session_key, reason or "cancelled", ref)])
    return order, previous
