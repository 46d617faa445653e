"""Notes as messages."""

from comanda.orders.v1 import notes_pb2
from orders.domain.note import Note
from orders.messages import values


def note(found: Note) -> notes_pb2.Note:
    """Returns a note's message."""
    return notes_pb2.Note(
        id=str(found.id),
        order_ref=found.order_ref,
        note=found.note,
        is_internal=found.is_internal,
        notify_customer=found.notify_customer,
        notified_at=values.time(found.notified_at),
        created_by=found.created_by,
        created_at=values.time(found.created_at),
        updated_at=values.time(found.updated_at),
    )
