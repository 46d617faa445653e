"""Notes on orders: written, changed, removed, and told to the customer."""

from uuid import UUID

from kit import ids
from kit.db import Tx
from kit.errors import NotFound
from orders.domain import note as domain
from orders.domain.directive import Task
from orders.domain.history import NOTE_ADDED, NOTE_DELETED, NOTE_UPDATED
from orders.domain.note import Note
from orders.domain.order import Order
from orders.operations import directives, history
from orders.operations.orders import locked
from orders.store import notes as store
from orders.store import orders as order_store

EVENT = "order.note"
"""What a notification of a note is called."""


async def add_note(
    tx: Tx, ref: str, text: str, *, is_internal: bool | None, notify_customer: bool, actor_label: str
) -> Note:
    """Writes a note; the customer is told where asked. Raises NotFound, or Invalid(`internal_note_not_told`)."""
    order = (await locked(tx, ref)).order
    note = domain.check(
        Note(
            id=ids.uuid7(),
            order_ref=ref,
            note=text,
            is_internal=not notify_customer if is_internal is None else is_internal,
            notify_customer=notify_customer,
            created_by=tx.actor,
            created_at=tx.now,
            updated_at=tx.now,
        )
    )
    store.insert_note(tx, note)
    _remember(tx, order, note, NOTE_ADDED, actor_label)
    if note.to_be_told:
        _tell(tx, order, note)
    return note


async def update_note(
    tx: Tx,
    identifier: str,
    text: str | None,
    *,
    is_internal: bool | None,
    notify_customer: bool | None,
    actor_label: str,
) -> Note:
    """Changes the given fields; what changes nothing leaves no trace. Raises NotFound, or Invalid(`internal_note_not_told`)."""
    order, before = await _locked(tx, identifier)
    note = domain.changed(before, text, is_internal, notify_customer, tx.now)
    if note is before:
        return note
    store.update_note(tx, note)
    _remember(tx, order, note, NOTE_UPDATED, actor_label)
    if note.to_be_told and not before.notify_customer:
        _tell(tx, order, note)
    return note


async def delete_note(tx: Tx, identifier: str) -> Note:
    """Removes a note and returns it as it was. Raises NotFound."""
    order, note = await _locked(tx, identifier)
    store.delete_note(tx, note.id)
    _remember(tx, order, note, NOTE_DELETED, "")
    return note


async def _locked(tx: Tx, identifier: str) -> tuple[Order, Note]:
    """Locks the order before the note, as everybody does who changes both."""
    seen = await store.note(tx, UUID(identifier))
    if seen is None:
        raise NotFound("not_found", id=identifier)
    order = (await locked(tx, seen.order_ref)).order
    note = await store.note(tx, seen.id, lock=True)
    if note is None:
        raise NotFound("not_found", id=identifier)
    return order, note


def _remember(tx: Tx, order: Order, note: Note, kind: str, actor_label: str) -> None:
    entry = {"note_id": str(note.id), "preview": note.preview, "is_internal": note.is_internal}
    order_store.update_order(tx, history.record(tx, order, kind, entry, actor_label=actor_label))


def _tell(tx: Tx, order: Order, note: Note) -> None:
    payload = {
        "event": EVENT,
        "order_ref": order.ref,
        "channel_code": order.channel_code,
        "note_id": str(note.id),
        "context": {"note": note.note},
    }
    directives.enqueue(
        tx, [Task("notification.send", payload, order.channel_code, order.session_key, order_ref=order.ref)]
    )
