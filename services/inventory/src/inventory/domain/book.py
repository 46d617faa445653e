"""The book of a transaction: what it changes, with the counters that follow from it."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from inventory.domain.reservation import Reservation
from inventory.domain.stock import Key

if TYPE_CHECKING:
    from inventory.domain.allocation import Choice
    from inventory.domain.lot import Lot
    from inventory.domain.reservation import Owner

RECEIPT, ADJUSTMENT, COMMIT, RETURN = "receipt", "adjustment", "commit", "return"
TRANSFER_OUT, TRANSFER_IN = "transfer_out", "transfer_in"


class Movement(NamedTuple):
    """A change of the units on a shelf, for good."""

    key: Key
    type: str
    qty_delta: Decimal
    reference: str = ""
    reason: str = ""
    unit_cost_q: int | None = None
    lot: str = ""
    expiry_date: date | None = None
    supplier: str = ""
    lot_id: UUID | None = None


@dataclass(slots=True)
class Book:
    """Collects reservations and movements; the differences of the counters follow, so that they cannot disagree."""

    made: list[Reservation] = field(default_factory=list)
    changed: list[Reservation] = field(default_factory=list)
    moved: list[Movement] = field(default_factory=list)
    lots: "list[Lot]" = field(default_factory=list)
    left: defaultdict[tuple[UUID, UUID], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """By how much less or more is left of lots that there were before, by business and id."""
    choices: "list[tuple[Owner, Choice]]" = field(default_factory=list)
    """For whom the shelves were chosen that serve, and how."""
    on_hand: defaultdict[Key, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    reserved: defaultdict[Key, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def make(self, reservation: Reservation) -> Reservation:
        """Adds a new reservation and returns it."""
        self.made.append(reservation)
        if held := reservation.held:
            self.reserved[reservation.key] += held
        return reservation

    def change(self, before: Reservation, after: Reservation) -> Reservation:
        """Replaces a reservation, at most once in a book, and returns the new one."""
        if after != before:
            self.changed.append(after)
            self.reserved[after.key] += after.held - before.held
        return after

    def move(self, movement: Movement, lot: "Lot | None" = None) -> Movement:
        """Adds a movement, which makes the lot if there is one, and returns it."""
        self.moved.append(movement)
        self.on_hand[movement.key] += movement.qty_delta
        if lot:
            self.lots.append(lot)
        elif movement.lot_id:
            self.left[movement.key.business, movement.lot_id] += movement.qty_delta
        return movement
