"""Reservations by name: committed, in parts if need be, extended, and released one call at a time."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from inventory.domain import book as books
from inventory.domain.book import Book, Movement
from inventory.domain.quantity import printed
from inventory.domain.reservation import ORDER, TTL, Reservation, Status, check_live
from inventory.domain.reservation import extend as extended
from inventory.domain.reservation import fulfil as fulfilled
from inventory.domain.reservation import release as released
from inventory.domain.stock import Shelves
from inventory.operations import events, lots
from inventory.store import ledger
from inventory.store.lots import picks
from inventory.store.reservations import lock_reservations, owned_by
from kit.db import Tx
from kit.errors import NotFound, Refused

Picked = tuple[Reservation, Sequence[Movement]]
"""A reservation, and the movements of its units that came from lots."""


async def commit(tx: Tx, identifier: UUID) -> Picked:
    """Takes the units that are still reserved off the shelf; harmless when that is done. Raises as fulfil does."""
    return await fulfil(tx, identifier, None)


async def fulfil(tx: Tx, identifier: UUID, qty: Decimal | None) -> Picked:
    """Takes a part of the reserved units off the shelf, the rest when no quantity is said; harmless when all have left.

    Raises NotFound, Refused (`reservation_released`, `reservation_expired`, `exceeds_reserved`, `backordered`).
    """
    before, shelves = await _lock(tx, identifier)
    shelf = shelves.known[before.key]
    picked = await picks(tx, before) if before.qty_fulfilled and shelf.has_lots else []
    if before.status == Status.COMMITTED:
        return before, picked
    check_live(before, tx.now)
    order_ref = before.owner_ref if before.owner_type == ORDER else ""
    leaving = before.held if qty is None else qty
    if leaving <= before.held and leaving > shelf.on_hand:
        raise Refused("backordered", sku=before.sku, qty=printed(leaving), on_hand=printed(shelf.on_hand))
    book = Book()
    after = book.change(before, fulfilled(before, leaving, order_ref, tx.now))
    movement = Movement(before.key, books.COMMIT, -leaving, order_ref or str(before.id))
    gone = await lots.move(tx, book, shelves, [movement])
    ledger.write(tx, book)
    if order_ref:
        events.committed(tx, before.business, order_ref, gone)
    return after, [*picked, *(each for each in gone if each.lot_id)]


async def extend(tx: Tx, identifier: UUID, ttl: timedelta | None) -> Reservation:
    """Lets a reservation live for so long from now, or as is usual for its owner; never shorter than it would have lived.

    Raises NotFound and what check_live raises.
    """
    before, _ = await _lock(tx, identifier)
    check_live(before, tx.now)
    book = Book()
    after = book.change(before, extended(before, tx.now + (ttl or TTL[before.owner_type])))
    ledger.write(tx, book)
    return after


async def release(tx: Tx, identifier: UUID) -> Reservation:
    """Gives a reservation up; harmless when it is over already. Raises NotFound."""
    before, _ = await _lock(tx, identifier)
    [after] = _release(tx, [before])
    return after


async def release_all(tx: Tx, owner_type: str, owner_ref: str) -> int:
    """Gives up all that an owner holds and returns how many reservations that were; CHANNEL/KEY is a session of one channel."""
    found, _ = await lock_reservations(tx, await owned_by(tx, owner_type, owner_ref))
    active = [each for each in found.values() if each.status == Status.ACTIVE]
    return sum(each.status == Status.RELEASED for each in _release(tx, active))


def _release(tx: Tx, reservations: Sequence[Reservation]) -> list[Reservation]:
    book = Book()
    over = [book.change(before, released(before, tx.now)) for before in reservations]
    ledger.write(tx, book)
    for owner in dict.fromkeys(each.owner for each in book.changed):
        events.released(tx, owner)
    return over


async def _lock(tx: Tx, identifier: UUID) -> tuple[Reservation, Shelves]:
    found, shelves = await lock_reservations(tx, [(tx.business, identifier)])
    if identifier not in found:
        raise NotFound("not_found", id=str(identifier))
    return found[identifier], shelves
