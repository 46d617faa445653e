"""Orders: moved through their flow."""

from kit.db import Tx
from kit.errors import NotFound
from orders.domain.order import Order
from orders.operations import moves
from orders.store import orders as store


async def transition_order(tx: Tx, ref: str, status: str, actor_label: str, reason: str) -> tuple[Order, str]:
    """Moves an order and returns it with the status it had; a cancelled one gives its stock back.

    Raises NotFound, or Refused (`terminal_status`, `invalid_transition`).
    """
    found = await store.order(tx, ref, lock=True)
    if found is None:
        raise NotFound("not_found", ref=ref)
    order = moves.move(tx, found, status, actor_label=actor_label, reason=reason)
    store.update_order(tx, order)
    return order, found.order.status
