"""An owner's reservations replaced as a whole: only the difference moves, and what he holds already never counts against him."""

from collections.abc import Sequence

from inventory.domain.book import Book
from inventory.domain.hold import rearrange
from inventory.domain.reservation import Reservation, Status
from inventory.domain.reserve import Basket
from inventory.domain.stock import Shelves, Sku
from inventory.operations.reserve import check, meet
from inventory.store import ledger
from inventory.store.reservations import held_by, lock_owner
from inventory.store.shelves import lock_shelves
from kit.db import Tx
from kit.errors import DomainError
from kit.ids import uuid7


async def replace(tx: Tx, basket: Basket) -> list[Reservation]:
    """Lets an owner hold what the basket says and nothing else; returns his reservations, none for an empty basket.

    What he holds stays as it is when he cannot have all. Raises what operations.reserve answers with.
    """
    shelves, own = await lock_for(tx, basket)
    await check(tx, shelves, basket)
    book = Book()
    keep = [each.id for each in own]
    answer = await meet(tx, book, shelves, basket._replace(first=frozenset(each.key for each in own)), keep)
    if isinstance(answer, DomainError):
        raise answer
    book.choices += [(basket.owner, made) for made in answer.choices]
    made = rearrange(book, basket.owner, answer.parts, own, tx.now, tx.now + basket.ttl, uuid7)
    ledger.write(tx, book)
    return made


async def lock_for(tx: Tx, basket: Basket) -> tuple[Shelves, Sequence[Reservation]]:
    """Locks an owner and all shelves of what he holds or is to hold; returns the shelves, his units free, and what he holds."""
    await lock_owner(tx, basket.owner)
    own = await active(tx, basket)
    skus = {basket.sku(wish) for wish in basket.wishes} | {Sku(each.business, each.sku) for each in own}
    shelves = await lock_shelves(tx, skus)
    own = await active(tx, basket)  # as it is now that nobody else can change it
    for reservation in own:
        shelves.free[reservation.key] += reservation.held
    return shelves, own


async def active(tx: Tx, basket: Basket) -> Sequence[Reservation]:
    """Returns the reservations of a basket's owner that hold units."""
    held = (await held_by(tx, [basket.owner])).get(basket.owner, [])
    return [each for each in held if each.status == Status.ACTIVE]
