"""Fulfilments: begun, moved, assigned; the order follows as its channel's flow says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from kit.db import Tx
from kit.errors import NotFound
from orders.domain import fulfillment as domain
from orders.domain import history as kinds
from orders.domain.fulfillment import CANCELLED, PENDING, Fulfillment
from orders.operations import history, moves
from orders.operations.orders import locked
from orders.store import fulfillments as store
from orders.store import orders as order_store
from orders.store.orders import Found


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a caller asks for when a fulfilment begins."""

    order_ref: str
    items: Iterable[tuple[str, Decimal]]
    assigned_to: str
    fields: Mapping[str, Any]
    """What else is known of it, by the names that Fulfillment has."""


async def begin(tx: Tx, asked: Beginning, actor_label: str) -> Fulfillment:
    """Begins a fulfilment. Two at once cannot take the same units: each locks the order before it looks what is left.

    Raises NotFound, Invalid(`unknown_line_id`), or Refused (`order_not_fulfillable`, `quantity_exceeded`).
    """
    found = await locked(tx, asked.order_ref)
    domain.check_order(found.order.status)
    items = domain.allot(await store.allotted(tx, asked.order_ref), asked.items)
    new = Fulfillment(
        number=await store.next_number(tx),
        order_ref=asked.order_ref,
        status=PENDING,
        items=items,
        created_at=tx.now,
        updated_at=tx.now,
        **asked.fields,
    )
    new = domain.assign(new, asked.assigned_to, tx.now)
    await store.insert_fulfillment(tx, new)
    entry = {"number": new.number, "assigned_to": new.assigned_to}
    order = history.record(tx, found.order, kinds.FULFILLMENT_CREATED, entry, actor_label=actor_label)
    await _follow(tx, replace(found, order=order), PENDING)
    return new


async def transition(
    tx: Tx, number: str, status: str, notes: str, fields: Mapping[str, Any], actor_label: str
) -> Fulfillment:
    """Moves a fulfilment. Raises NotFound, or Refused (`terminal_status`, `invalid_transition`)."""
    found, before = await _locked(tx, number)
    after = replace(domain.transition(before, status, notes, tx.now), **fields)
    await store.update_fulfillment(tx, after, free=status == CANCELLED)
    entry = {"number": number, "old_status": before.status, "new_status": status, **({"notes": notes} if notes else {})}
    order = history.record(tx, found.order, kinds.FULFILLMENT_STATUS_CHANGED, entry, actor_label=actor_label)
    await _follow(tx, replace(found, order=order), status)
    return after


async def update(tx: Tx, number: str, fields: Mapping[str, Any], actor_label: str) -> Fulfillment:
    """Changes tracking, place, box and the like; what is as it was leaves no trace. Raises NotFound."""
    found, before = await _locked(tx, number)
    changed = sorted(name for name, value in fields.items() if getattr(before, name) != value)
    if not changed:
        return before
    after = replace(before, **fields, updated_at=tx.now)
    await store.update_fulfillment(tx, after)
    entry = {"number": number, "changed": changed}
    order = history.record(tx, found.order, kinds.FULFILLMENT_UPDATED, entry, actor_label=actor_label)
    order_store.update_order(tx, order)
    return after


async def assign(tx: Tx, number: str, assigned_to: str, actor_label: str) -> Fulfillment:
    """Puts a fulfilment into somebody's hands; who has it already leaves no trace. Raises NotFound, or Refused."""
    found, before = await _locked(tx, number)
    after = domain.assign(before, assigned_to, tx.now)
    if before.assigned_to == assigned_to:
        return before
    await store.update_fulfillment(tx, after)
    entry = {"number": number, "assigned_to": assigned_to, "previously": before.assigned_to}
    order = history.record(tx, found.order, kinds.FULFILLMENT_ASSIGNED, entry, actor_label=actor_label)
    order_store.update_order(tx, order)
    return after


async def _locked(tx: Tx, number: str) -> tuple[Found, Fulfillment]:
    """Locks the order before the fulfilment, as everybody does who changes both."""
    seen = await store.fulfillment(tx, number)
    if seen is None:
        raise NotFound("not_found", number=number)
    found = await locked(tx, seen.order_ref)
    fulfillment = await store.fulfillment(tx, number, lock=True)
    assert fulfillment is not None, "fulfilments are never removed"
    return found, fulfillment


async def _follow(tx: Tx, found: Found, status: str) -> None:
    """Lets the order do what its flow says for the step, and saves it."""
    statuses, whole = await store.standing(tx, found.order.ref)
    for trigger in domain.triggers(status, statuses, whole):
        found = replace(found, order=moves.advance(tx, found, trigger))
    order_store.update_order(tx, found.order)
