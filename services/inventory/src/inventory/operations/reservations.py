"""Reservations by name: committed and released one call at a time."""

from collections.abc import Sequence
from uuid import UUID

from inventory.domain import book as books
from inventory.domain.allocation import Part
from inventory.domain.book import Book, Movement
from inventory.domain.reservation import ORDER, Reservation, Status, check_committable
from inventory.domain.reservation import commit as committed
from inventory.domain.reservation import release as released
from inventory.operations import events
from inventory.store import ledger
from inventory.store.reservations import lock_reservations, owned_by
from kit.db import Tx
from kit.errors import NotFound


async def commit(tx: Tx, identifier: UUID) -> Reservation:
    """Takes the reserved units off the shelf; harmless when that is done. Raises NotFound and what check_committable raises."""
    before = await _lock(tx, identifier)
    if before.status == Status.COMMITTED:
        return before
    check_committable(before, tx.now)
    order_ref = before.owner_ref if before.owner_type == ORDER else ""
    book = Book()
    after = book.change(before, committed(before, order_ref, tx.now))
    book.move(Movement(before.key, books.COMMIT, -before.held, order_ref or str(before.id)))
    ledger.write(tx, book)
    if order_ref:
        events.committed(tx, before.business, order_ref, [Part(before.key, -before.held)])
    return after


async def release(tx: Tx, identifier: UUID) -> Reservation:
    """Gives a reservation up; harmless when it is over already. Raises NotFound."""
    before = await _lock(tx, identifier)
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


async def _lock(tx: Tx, identifier: UUID) -> Reservation:
    found, _ = await lock_reservations(tx, [(tx.business, identifier)])
    if identifier not in found:
        raise NotFound("not_found", id=str(identifier))
    return found[identifier]
