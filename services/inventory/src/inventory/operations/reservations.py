"""Reservations by name: made, committed, and released one call at a time."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from inventory.domain import book as books
from inventory.domain.allocation import Part
from inventory.domain.book import Book, Movement
from inventory.domain.quantity import printed, whole_steps
from inventory.domain.reservation import ORDER, Owner, Reservation, Status, check_committable, new
from inventory.domain.reservation import commit as committed
from inventory.domain.reservation import release as released
from inventory.domain.reserve import Answer, Shortfall, Wish, decide, summed
from inventory.domain.stock import Key, Shelves, Sku
from inventory.operations import events
from inventory.store import catalogue, ledger
from inventory.store.reservations import lock_reservations, next_releases, owned_by
from inventory.store.shelves import expire, lock_shelves
from kit.db import Tx
from kit.errors import Invalid, NotFound, Refused
from kit.ids import uuid7


async def reserve(tx: Tx, owner: Owner, wishes: Sequence[Wish], ttl: timedelta, partial: bool) -> list[Reservation]:
    """Reserves all wishes, or none unless partial, and returns one reservation a shelf.

    Raises Invalid (`unknown_sku`, `unknown_location`, `off_step`) and Refused (`product_inactive`, `location_inactive`,
    `insufficient_stock` with the short lines).
    """
    wishes = summed(wishes)
    shelves = await lock_shelves(tx, {Sku(owner.business, wish.sku) for wish in wishes})
    await _check(tx, owner, wishes)
    book = Book()
    answer = decide(shelves, owner.business, wishes)
    if answer.shortfalls and await expire(tx, book, shelves, _keys(shelves, owner, answer)):
        answer = decide(shelves, owner.business, wishes)
    if answer.shortfalls and not partial:
        raise await _refusal(tx, owner, answer.shortfalls)
    made = [book.make(new(uuid7(), owner, key, qty, tx.now, tx.now + ttl)) for key, qty in answer.parts]
    ledger.write(tx, book)
    return made


async def _check(tx: Tx, owner: Owner, wishes: Sequence[Wish]) -> None:
    products = await catalogue.products(tx, {Sku(owner.business, wish.sku) for wish in wishes})
    named = {wish.location for wish in wishes if wish.location}
    locations = await catalogue.locations(tx, named) if named else {}
    for wish in wishes:
        product = products.get(Sku(owner.business, wish.sku))
        if not product:
            raise Invalid("unknown_sku", sku=wish.sku)
        if not product.is_active:
            raise Refused("product_inactive", sku=wish.sku)
        if whole_steps(wish.qty, product.step) != wish.qty:
            raise Invalid("off_step", sku=wish.sku, qty=printed(wish.qty), step=printed(product.step))
        if wish.location and wish.location not in locations:
            raise Invalid("unknown_location", location=wish.location)
        if wish.location and not locations[wish.location].is_active:
            raise Refused("location_inactive", location=wish.location)


def _keys(shelves: Shelves, owner: Owner, answer: Answer) -> set[Key]:
    return {key for short in answer.shortfalls for key in shelves.places(Sku(owner.business, short.wish.sku))}


async def _refusal(tx: Tx, owner: Owner, shortfalls: Sequence[Shortfall]) -> Refused:
    short = {(Sku(owner.business, each.wish.sku), owner) for each in shortfalls}
    releases = await next_releases(tx, short)
    lines = [
        {
            "sku": each.wish.sku,
            "location": each.wish.location,
            "requested": printed(each.wish.qty),
            "available": printed(each.available),
            "earliest_release_at": releases.get((Sku(owner.business, each.wish.sku), owner)),
        }
        for each in shortfalls
    ]
    return Refused("insufficient_stock", lines=lines)


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
