"""An owner's reservations replaced as a whole: only the difference moves, and what he holds already never counts against him."""

from collections.abc import Sequence

from inventory.domain.book import Book
from inventory.domain.hold import rearrange
from inventory.domain.product import Product
from inventory.domain.reservation import Reservation
from inventory.domain.reserve import Basket
from inventory.domain.stock import Shelves
from inventory.operations.reserve import check, meet
from inventory.store import ledger
from inventory.store.reservations import held_by_owner
from inventory.store.shelves import lock_for_owner
from kit.db import RETRY, Tx
from kit.errors import DomainError
from kit.ids import uuid7


async def replace(tx: Tx, basket: Basket, skus: Sequence[str]) -> tuple[list[Reservation], list[Product]]:
    """Lets an owner hold what the basket says and nothing else.

    Returns his reservations, none for an empty basket, and those of the SKUs that are known. What he holds stays as it is when he
    cannot have all. Raises what operations.reserve answers with.
    """
    shelves, own, products = await lock_for(tx, basket, skus)
    await check(tx, shelves, basket)
    book = Book()
    keep = [each.id for each in own]
    answer = await meet(tx, book, shelves, basket._replace(first=frozenset(each.key for each in own)), keep)
    if isinstance(answer, DomainError):
        raise answer
    book.choices += [(basket.owner, made) for made in answer.choices]
    made = rearrange(book, basket.owner, answer.parts, own, tx.now, tx.now + basket.ttl, uuid7)
    ledger.write(tx, book)
    return made, products


async def lock_for(
    tx: Tx, basket: Basket, skus: Sequence[str] = ()
) -> tuple[Shelves, Sequence[Reservation], list[Product]]:
    """Locks an owner and all shelves of what he holds or is to hold, in a transaction that has begun, and sets its clock.

    Returns the shelves, his units free, what he holds, and those of the SKUs that are known.
    """
    shelves = await lock_for_owner(tx, basket.owner, {basket.sku(wish) for wish in basket.wishes})
    own, products = await held_by_owner(tx, basket.owner, skus)
    for reservation in own:
        if reservation.key not in shelves.known:  # somebody gave it to him while he was waited for
            raise RETRY
        shelves.free[reservation.key] += reservation.held
    return shelves, own, products
