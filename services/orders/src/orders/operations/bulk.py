"""Many orders at once, each for itself: what stands against one does not hold up the others."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from kit.db import Tx
from kit.errors import DomainError, NotFound
from orders.domain import history as kinds
from orders.domain.order import Order
from orders.operations import history, moves
from orders.store import orders as store
from orders.store.orders import Found

Failure = tuple[str, DomainError]
"""The ref of an order, and what stands against its change."""


async def transition_orders(
    tx: Tx, refs: Sequence[str], status: str, actor_label: str, reason: str
) -> Sequence[Failure]:
    """Moves orders as `transition_order` moves one; returns those that could not be moved."""
    return await _each(tx, refs, lambda found: moves.move(tx, found, status, actor_label=actor_label, reason=reason))


async def assign_orders(
    tx: Tx, refs: Sequence[str], assigned_to: str, actor_label: str, notes: str
) -> Sequence[Failure]:
    """Puts orders into somebody's hands; returns those that are not there. Who has one already leaves no new trace."""

    def assign(found: Found) -> Order:
        before = found.order.assigned_to
        if before == assigned_to:
            return found.order
        told = {"assigned_to": assigned_to, "previously": before, "notes": notes}
        entry = {name: text for name, text in told.items() if text or name == "assigned_to"}
        return history.record(
            tx, replace(found.order, assigned_to=assigned_to), kinds.ASSIGNED, entry, actor_label=actor_label
        )

    return await _each(tx, refs, assign)


async def _each(tx: Tx, refs: Sequence[str], change: Callable[[Found], Order]) -> list[Failure]:
    """Changes and saves each of the orders. A change that raises must not have written anything before."""
    found = {each.order.ref: each for each in await store.lock_orders(tx, refs)}
    failures: list[Failure] = []
    for ref in refs:
        try:
            if ref not in found:
                raise NotFound("not_found", ref=ref)
            store.update_order(tx, change(found[ref]))
        except DomainError as error:
            failures.append((ref, error))
        # One at a time, so that the statement is the same however many orders there are.
        await tx.flush()
    return failures
