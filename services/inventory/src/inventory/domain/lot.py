"""Lots: units of a shelf that came in together. First expired, first out (FEFO).

A shelf may have more units than its lots: those came in without a word on cost or date.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from inventory.domain.book import Movement
from inventory.domain.quantity import printed
from inventory.domain.stock import Key
from kit.errors import Invalid, Refused


class Lot(NamedTuple):
    """Units that came in together; the cost is of one unit, landed, in minor units, and None where nobody said."""

    business: UUID
    id: UUID
    sku: str
    location: str
    lot: str
    expiry_date: date | None
    unit_cost_q: int | None
    supplier: str
    received_at: datetime
    qty: Decimal
    qty_left: Decimal

    @property
    def key(self) -> Key:
        """The shelf that it lies on."""
        return Key(self.business, self.sku, self.location)


class Taken(NamedTuple):
    """Units of a lot that an order has taken and not given back."""

    lot: Lot
    qty: Decimal


class Lots:
    """What is left of the lots of locked shelves, and the date at their businesses.

    Each movement is split in turn, and leaves that much less for the next.
    """

    def __init__(self, lots: Iterable[Lot], on_hand: Mapping[Key, Decimal], today: Mapping[UUID, date]) -> None:
        self._lots: defaultdict[Key, list[Lot]] = defaultdict(list)
        self._left: dict[UUID, Decimal] = {}
        self._plain = dict(on_hand)
        self._today = today
        for lot in lots:
            self._lots[lot.key].append(lot)
            self._left[lot.id] = lot.qty_left
            self._plain[lot.key] -= lot.qty_left

    def knows(self, key: Key) -> bool:
        """Whether the shelf is one of those with lots."""
        return key in self._plain

    def take(self, movement: Movement) -> list[Movement]:
        """Returns the movement of units that leave as one for each lot they come from.

        What expires first goes first; then what is in no lot; what has expired goes last, since it should be written off.
        """
        key, wanted, today = movement.key, -movement.qty_delta, self._today[movement.key.business]
        good = [lot for lot in self._lots[key] if not lot.expiry_date or lot.expiry_date >= today]
        over = [lot for lot in self._lots[key] if lot.expiry_date and lot.expiry_date < today]
        parts = []
        for lot in (*sorted(good, key=_expiry), None, *sorted(over, key=_expiry)):
            if part := min(wanted, self._plain[key] if lot is None else self._left[lot.id]):
                wanted -= part
                parts.append(self._taken(movement, lot, part))
        return parts

    def take_from(self, movement: Movement, identifier: UUID) -> Movement:
        """Returns the movement of units of one lot; raises Invalid(`unknown_lot`) and Refused(`exceeds_lot`)."""
        for lot in self._lots[movement.key]:
            if lot.id == identifier:
                if -movement.qty_delta > self._left[identifier]:
                    raise Refused("exceeds_lot", lot_id=str(identifier), left=printed(self._left[identifier]))
                return self._taken(movement, lot, -movement.qty_delta)
        raise Invalid("unknown_lot", lot_id=str(identifier))

    def _taken(self, movement: Movement, lot: Lot | None, qty: Decimal) -> Movement:
        if lot is None:
            self._plain[movement.key] -= qty
            return movement._replace(qty_delta=-qty)
        self._left[lot.id] -= qty
        return of_lot(movement._replace(qty_delta=-qty), lot)


def _expiry(lot: Lot) -> tuple[date, datetime, UUID]:
    return lot.expiry_date or date.max, lot.received_at, lot.id


def of_lot(movement: Movement, lot: Lot) -> Movement:
    """Returns the movement of units of a lot."""
    return movement._replace(
        lot_id=lot.id, lot=lot.lot, expiry_date=lot.expiry_date, unit_cost_q=lot.unit_cost_q, supplier=lot.supplier
    )


def put_back(movement: Movement, taken: Sequence[Taken]) -> tuple[list[Movement], list[Taken]]:
    """Returns the movement of units that come back as one for each lot they had come from, and what is still away."""
    wanted, parts, away = movement.qty_delta, [], []
    for lot, qty in taken:
        part = min(wanted, qty)
        wanted -= part
        if part:
            parts.append(of_lot(movement._replace(qty_delta=part), lot))
        if part < qty:
            away.append(Taken(lot, qty - part))
    if wanted:
        parts.append(movement._replace(qty_delta=wanted))
    return parts, away


def bring(movement: Movement, now: datetime, new_id: Callable[[], UUID]) -> tuple[Movement, Lot | None]:
    """Returns the movement of units that come in, and the lot that they make if something is known of them."""
    known = (movement.lot, movement.expiry_date, movement.supplier) != ("", None, "")
    if not known and movement.unit_cost_q is None:
        return movement, None
    business, sku, location = movement.key
    lot = Lot(
        business, new_id(), sku, location, movement.lot, movement.expiry_date, movement.unit_cost_q, movement.supplier,
        received_at=now, qty=movement.qty_delta, qty_left=movement.qty_delta,
    )  # fmt: skip
    return movement._replace(lot_id=lot.id), lot
