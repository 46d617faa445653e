"""Notes on orders."""

from uuid import UUID

from kit.db import Tx
from orders.domain.note import Note

COLUMNS = "id, order_ref, note, is_internal, notify_customer, created_by, created_at, updated_at, notified_at"
NOTE = f"select {COLUMNS} from order_notes where business_id = $1 and id = $2"
LOCKED_NOTE = f"{NOTE} for update"
INSERT = f"insert into order_notes (business_id, {COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
UPDATE = """update order_notes set note = $3, is_internal = $4, notify_customer = $5, updated_at = $6
    where business_id = $1 and id = $2"""
MARK_NOTIFIED = """update order_notes set notified_at = now()
    where business_id = $1 and id::text = $2 and notify_customer and notified_at is null"""
DELETE = "delete from order_notes where business_id = $1 and id = $2"


async def note(tx: Tx, identifier: UUID, *, lock: bool = False) -> Note | None:
    """Returns the note; locked until the transaction ends where asked."""
    row = await tx.connection.fetchrow(LOCKED_NOTE if lock else NOTE, tx.business, identifier)
    return Note(**row) if row else None


def insert_note(tx: Tx, new: Note) -> None:
    """Saves a new note."""
    tx.later(INSERT, tx.business, *(getattr(new, name) for name in COLUMNS.split(", ")))


def update_note(tx: Tx, changed: Note) -> None:
    """Saves what may change of a locked note."""
    tx.later(
        UPDATE, tx.business, changed.id, changed.note, changed.is_internal, changed.notify_customer, changed.updated_at
    )


def delete_note(tx: Tx, identifier: UUID) -> None:
    """Removes a note."""
    tx.later(DELETE, tx.business, identifier)


async def mark_notified(tx: Tx, business: UUID, identifier: str) -> None:
    """Writes that the customer was told of a note just now; the first time counts."""
    await tx.connection.execute(MARK_NOTIFIED, business, identifier)
