"""Reservations made: a whole batch of baskets with a handful of statements, whoever they belong to."""

from collections.abc import Sequence
from uuid import UUID

from inventory.domain.blockage import NOBODY, Lack, Others
from inventory.domain.book import Book
from inventory.domain.quantity import printed
from inventory.domain.reservation import Reservation, new
from inventory.domain.reserve import Answer, Basket, Shortfall, decide, objection, proven
from inventory.domain.stock import Shelves
from inventory.messages.blockage import context
from inventory.store import catalogue, ledger
from inventory.store.blockage import others
from inventory.store.shelves import expire, lock_shelves
from kit.db import Tx
from kit.errors import DomainError, Refused
from kit.ids import uuid7

Made = list[Reservation] | DomainError


async def reserve(tx: Tx, baskets: Sequence[Basket]) -> list[Made]:
    """Serves baskets in the order of their arrival; returns for each one reservation a shelf, or why it gets nothing.

    That is Invalid (`unknown_sku`, `unknown_location`, `off_step`) or Refused (`product_inactive`, `location_inactive`,
    `insufficient_stock` with the short lines).
    """
    shelves = await lock_shelves(tx, {basket.sku(wish) for basket in baskets for wish in basket.wishes})
    wrong = await _objections(tx, [(n, basket) for n, basket in enumerate(baskets) if not proven(shelves, basket)])
    sound = [basket for n, basket in enumerate(baskets) if n not in wrong]
    met = iter(await _meet(tx, shelves, sound))
    return [wrong[n] if n in wrong else next(met) for n in range(len(baskets))]


async def check(tx: Tx, shelves: Shelves, basket: Basket) -> None:
    """Raises what is wrong with a basket, whatever there is."""
    if wrong := await _objections(tx, [(0, basket)] if not proven(shelves, basket) else []):
        raise wrong[0]


async def meet(tx: Tx, book: Book, shelves: Shelves, basket: Basket, keep: Sequence[UUID]) -> Answer | Refused:
    """Returns what there is for a basket, or why it gets nothing; ends holds that ran out, but those to keep, where that helps."""
    [answer] = decide(shelves, [basket])
    if await expire(tx, book, shelves, set(answer.doubtful), keep):
        [answer] = decide(shelves, [basket])
    return (await _refusals(tx, [basket], [answer])).get(0, answer)


async def _objections(tx: Tx, doubtful: Sequence[tuple[int, Basket]]) -> dict[int, DomainError]:
    """Returns what is wrong with baskets that the shelves alone do not prove to be in order; with some, nothing is."""
    if not doubtful:
        return {}
    wishes = [(basket, wish) for _, basket in doubtful for wish in basket.wishes]
    products = await catalogue.products(tx, {basket.sku(wish) for basket, wish in wishes})
    named = {(basket.owner.business, wish.location) for basket, wish in wishes if wish.location}
    locations = await catalogue.named_locations(tx, named)
    found: dict[int, DomainError] = {}
    for n, basket in doubtful:
        for wish in basket.wishes:
            place = locations.get((basket.owner.business, wish.location))
            if n not in found and (error := objection(wish, products.get(basket.sku(wish)), place)):
                found[n] = error
    return found


async def _meet(tx: Tx, shelves: Shelves, baskets: Sequence[Basket]) -> list[Made]:
    book = Book()
    answers = decide(shelves, baskets)
    if await expire(tx, book, shelves, {key for answer in answers for key in answer.doubtful}):
        answers = decide(shelves, baskets)
    refusals = await _refusals(tx, baskets, answers)
    made: list[Made] = [
        refusals.get(n) or _make(tx, book, *pair) for n, pair in enumerate(zip(baskets, answers, strict=True))
    ]
    ledger.write(tx, book)
    return made


def _make(tx: Tx, book: Book, basket: Basket, answer: Answer) -> list[Reservation]:
    until = tx.now + basket.ttl
    book.choices += [(basket.owner, made) for made in answer.choices]
    return [book.make(new(uuid7(), basket.owner, key, qty, tx.now, until)) for key, qty in answer.parts]


async def _refusals(tx: Tx, baskets: Sequence[Basket], answers: Sequence[Answer]) -> dict[int, Refused]:
    """Returns the refusals of the baskets that get nothing because they cannot get all."""
    lacks = {
        n: [_lack(basket, each) for each in answer.shortfalls]
        for n, (basket, answer) in enumerate(zip(baskets, answers, strict=True))
        if answer.shortfalls and not basket.partial
    }
    held = await others(tx, {lack for found in lacks.values() for lack in found})
    return {n: _refusal(answers[n].shortfalls, [held.get(each, NOBODY) for each in lacks[n]]) for n in lacks}


def _lack(basket: Basket, short: Shortfall) -> Lack:
    return Lack(basket.sku(short.wish), short.wish.location, basket.owner, short.wish.qty - short.available)


def _refusal(shortfalls: Sequence[Shortfall], held: Sequence[Others]) -> Refused:
    lines = [
        {
            "sku": each.wish.sku,
            "location": each.wish.location,
            "requested": printed(each.wish.qty),
            "available": printed(each.available),
            **context(blocking),
        }
        for each, blocking in zip(shortfalls, held, strict=True)
    ]
    return Refused("insufficient_stock", lines=lines)
