"""Orders as stock sees them: what was held leaves the shelves, once, and may come back, once."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from inventory.domain import book as books
from inventory.domain.allocation import Part, allocate, total
from inventory.domain.book import Book, Movement
from inventory.domain.reservation import ORDER, TTL, Owner, Reservation, Status, commit, extend, give_back, new, release
from inventory.domain.stock import UNKNOWN, Key, Shelves, Sku


class Order(NamedTuple):
    """An order of a business."""

    business: UUID
    ref: str


class Commitment(NamedTuple):
    """An order, its session, and the ids of what the session held; none: whatever it holds."""

    order: Order
    session: Owner
    holds: Sequence[UUID]


class Refusal(NamedTuple):
    """Why the stock of an order cannot leave: holds that never were, SKUs of which there is not enough, or not yet."""

    unknown: Sequence[UUID]
    short: Sequence[str]
    awaited: Sequence[str] = ()


class Return(NamedTuple):
    """An order, its session, or both, that give everything back; the ref of what is not meant is empty."""

    order: Order
    session: Owner
    reason: str


class Restock(NamedTuple):
    """What a customer sent back of an order: the number of the return, and how many units of each SKU."""

    order: Order
    number: str
    items: Mapping[str, Decimal]


def put_back(restock: Restock, left: Mapping[Key, Decimal]) -> Sequence[Movement] | None:
    """Returns the movements of a return to the shelves from which the order's units left; None where fewer of a SKU did.

    `left` is how many units the order still has from each shelf.
    """
    found: list[Movement] = []
    for sku, qty in sorted(restock.items.items()):
        open_qty = qty
        for key in sorted(key for key in left if key.business == restock.order.business and key.sku == sku):
            part = min(open_qty, left[key])
            if part > 0:
                found.append(Movement(key, books.RETURN, part, restock.number, restock.order.ref))
                open_qty -= part
        if open_qty > 0:
            return None
    return found


class Taking(NamedTuple):
    """How the units of an order leave: from the holds that are good, and anew for those that are not."""

    good: Sequence[Reservation]
    anew: Sequence[tuple[Reservation, Part]]
    short: Sequence[str]
    """SKUs of which there is not enough left; then nothing of the order may leave."""
    awaited: Sequence[Reservation]
    """Holds of units that are promised and have not come in; then nothing of the order may leave either."""


class Units(NamedTuple):
    """What the shelves have for the next order: units that nobody holds, and units that are there."""

    free: dict[Key, Decimal]
    there: dict[Key, Decimal]


def taking(shelves: Shelves, units: Units, order_ref: str, holds: Sequence[Reservation]) -> Taking:
    """Decides how an order's units leave. All or nothing: the units change only when the order can have all.

    A hold whose time is up is good as long as nobody needed its units. One that is over is replaced: by units of the same location
    where it has them, else of any.
    """
    missing = [hold for hold in holds if hold.status != Status.COMMITTED or hold.order_ref != order_ref]
    good = [hold for hold in missing if hold.status == Status.ACTIVE]
    trial, there, anew, short = dict(units.free), dict(units.there), [], []
    for hold in good:
        there[hold.key] -= hold.held
    for hold in missing:
        if hold.status != Status.ACTIVE:
            places = shelves.places(Sku(hold.business, hold.sku), {hold.key})
            parts = allocate(trial, places, hold.qty - hold.qty_fulfilled, UNKNOWN)
            if total(parts) < hold.qty - hold.qty_fulfilled:
                short.append(hold.sku)
            for part in parts:
                trial[part.key] -= part.qty
                there[part.key] -= part.qty
                anew.append((hold, part))
    awaited = [hold for hold in good if there[hold.key] < 0]
    if not short and not awaited:
        units.free.update(trial)
        units.there.update(there)
    return Taking(good, anew, short, awaited)


def take(book: Book, order_ref: str, found: Taking, now: datetime, new_id: Callable[[], UUID]) -> Sequence[Movement]:
    """Books that an order's reservations are committed; returns the movements of its units, which are still to be booked."""
    gone = [Part(hold.key, -hold.held) for hold in found.good]
    for hold in found.good:
        book.change(hold, commit(hold, order_ref, now))
    for hold, part in found.anew:
        fresh = new(new_id(), hold.owner, part.key, part.qty, now, hold.expires_at)
        book.make(commit(fresh, order_ref, now))
        gone.append(Part(part.key, -part.qty))
    return [Movement(part.key, books.COMMIT, part.qty, order_ref) for part in gone]


def wait(book: Book, found: Taking, now: datetime) -> None:
    """Books that an order keeps what it holds while it waits for goods, as long as a reservation of an order lives."""
    for hold in found.good:
        book.change(hold, extend(hold, now + TTL[ORDER]))


class Given(NamedTuple):
    """What a release gave up: how many holds, and the movements of units that came back, which are still to be booked."""

    holds: int
    units: Sequence[Movement]


def give(book: Book, order_ref: str, reservations: Sequence[Reservation], now: datetime, reason: str = "") -> Given:
    """Books that active reservations are given up, and those of which the units that the order took come back."""
    units = [
        Movement(each.key, books.RETURN, qty, order_ref, reason)
        for each in reservations
        if (qty := each.left_for(order_ref))
    ]
    for each in reservations:
        if each.left_for(order_ref):
            book.change(each, give_back(each, now))
        else:
            book.change(each, release(each, now))
    return Given(sum(each.status == Status.ACTIVE for each in reservations), units)
