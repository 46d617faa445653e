"""Notes on orders (source 004, 1D.3)."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from kit.errors import Invalid

PREVIEW = 100


@dataclass(frozen=True, slots=True)
class Note:
    """A note; an internal one never reaches the customer."""

    id: UUID
    order_ref: str
    note: str
    is_internal: bool
    notify_customer: bool
    created_by: str
    created_at: datetime
    updated_at: datetime
    notified_at: datetime | None = None

    @property
    def preview(self) -> str:
        """The beginning, for the order's history."""
        return self.note[:PREVIEW]

    @property
    def to_be_told(self) -> bool:
        """Whether the customer still has to be told."""
        return self.notify_customer and self.notified_at is None


def check(note: Note) -> Note:
    """Returns the note; raises Invalid(`internal_note_not_told`) when the customer is to be told of an internal one."""
    if note.is_internal and note.notify_customer:
        raise Invalid("internal_note_not_told", field="notify_customer")
    return note


def changed(
    note: Note, text: str | None, is_internal: bool | None, notify_customer: bool | None, now: datetime
) -> Note:
    """Returns the note with the given fields changed, the note itself when nothing is; raises Invalid as `check` does."""
    after = replace(
        note,
        note=note.note if text is None else text,
        is_internal=note.is_internal if is_internal is None else is_internal,
        notify_customer=note.notify_customer if notify_customer is None else notify_customer,
    )
    return note if after == note else check(replace(after, updated_at=now))
