"""Sales at the counter: their units leave in one step, from what the cart holds and from what is free."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from inventory.domain import book as books
from inventory.domain.allocation import Part
from inventory.domain.book import Book, Movement
from inventory.domain.hold import rearrange
from inventory.domain.order import Order, Return
from inventory.domain.quantity import printed
from inventory.domain.reservation import CART, SESSION, Owner, Reservation, commit
from inventory.domain.reserve import Basket, Wish
from inventory.domain.stock import Key, Shelves
from inventory.operations import lots, orders
from inventory.operations.replace import lock_for
from inventory.operations.reserve import check, meet
from inventory.operations.stock import shelves_at
from inventory.store import directives, ledger
from inventory.store.lots import left_for
from kit.db import Tx
from kit.errors import DomainError, Refused
from kit.ids import uuid7


async def sell(tx: Tx, cart: str, sale_ref: str, wishes: Sequence[Wish]) -> Sequence[Movement]:
    """Takes the units of a sale off the shelf, all or none, and returns how they left; harmless when that is done.

    What the cart holds beyond them is given up. Raises Refused(`sale_returned`) when they were brought back before, and what
    operations.reserve answers with.
    """
    await tx.begin()
    [claim] = (await directives.claim_orders(tx, [Order(tx.business, sale_ref)])).values()
    if claim.released:
        raise Refused("sale_returned", sale_ref=sale_ref)
    if claim.committed:
        return await left_for(tx, sale_ref)
    basket = Basket(Owner(tx.business, CART, "", cart), wishes, timedelta(0), partial=False)
    shelves, own, _ = await lock_for(tx, basket)
    await check(tx, shelves, basket)
    book = Book()
    first = basket._replace(first=frozenset(each.key for each in own))
    answer = await meet(tx, book, shelves, first, [each.id for each in own])
    if isinstance(answer, DomainError):
        raise answer
    _check_there(shelves, answer.parts)
    leaving = _book(book, _leaving(tx, basket, answer.parts, own), own, sale_ref, tx)
    moved = await lots.move(tx, book, shelves, leaving)
    ledger.write(tx, book)
    return moved


def _check_there(shelves: Shelves, parts: Sequence[Part]) -> None:
    """Raises Refused: what comes in later can be promised, but not carried out of the shop."""
    short = [part for part in parts if shelves.known[part.key].on_hand < part.qty]
    if short:
        lines = [
            {
                "sku": part.key.sku,
                "location": part.key.location,
                "requested": printed(part.qty),
                "available": printed(shelves.known[part.key].on_hand),
            }
            for part in short
        ]
        raise Refused("insufficient_stock", lines=lines)


def _leaving(tx: Tx, basket: Basket, parts: Sequence[Part], own: Sequence[Reservation]) -> dict[UUID, Reservation]:
    """Returns what the cart would hold if it held exactly the parts, and its holds that it gives up, by id."""
    plan = Book()
    held = rearrange(plan, basket.owner, parts, own, tx.now, tx.now, uuid7)
    return {each.id: each for each in (*plan.changed, *held)}


def _book(
    book: Book, leaving: dict[UUID, Reservation], own: Sequence[Reservation], sale_ref: str, tx: Tx
) -> list[Movement]:
    """Books what becomes of the reservations; returns the movements of their units, which are still to be booked."""
    before = {each.id: each for each in own}
    for each in leaving.values():
        after = commit(each, sale_ref, tx.now) if each.held else each
        if each.id in before:
            book.change(before[each.id], after)
        else:
            book.make(after)
    return [Movement(each.key, books.COMMIT, -each.held, sale_ref) for each in leaving.values() if each.held]


async def take_back(tx: Tx, wishes: Sequence[Wish], reference: str, reason: str) -> None:
    """Puts units that a customer brought back on the shelf; raises Invalid (`unknown_location`, `unknown_sku`)."""
    returned = [
        Movement(Key(tx.business, wish.sku, wish.location), books.RETURN, wish.qty, reference, reason)
        for wish in wishes
    ]
    shelves, book = (
        await shelves_at(tx, {each.key.location for each in returned}, {each.key for each in returned}),
        Book(),
    )
    await lots.move(tx, book, shelves, returned)
    ledger.write(tx, book)


async def bring_back(tx: Tx, sale_ref: str, reason: str) -> None:
    """Brings the units of a sale back, if they left, and lets none leave under its ref any more."""
    await orders.release(tx, [Return(Order(tx.business, sale_ref), Owner(tx.business, SESSION, "", ""), reason)])
