"""Units move lot by lot. Nothing is asked of the database where shelves have no lots."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from inventory.domain import book as books
from inventory.domain.book import Book, Movement
from inventory.domain.lot import Lots, Taken, bring, put_back
from inventory.domain.stock import Key, Shelves
from inventory.operations import events
from inventory.store import awaiting
from inventory.store import lots as store
from kit.db import Tx
from kit.ids import uuid7

ARRIVALS = (books.RECEIPT, books.TRANSFER_IN)


async def move(tx: Tx, book: Book, shelves: Shelves, movements: Iterable[Movement]) -> list[Movement]:
    """Books movements on locked shelves, those on shelves with lots once for each lot; returns them as booked.

    Orders that wait for what comes in are told. All that leaves a shelf in a transaction is booked by one call, and nothing comes
    back to it in the same. Units leave by date of expiry. Units that come back go to the lots from which they were taken under the
    same reference.
    """
    moving = list(movements)
    returning = [each for each in moving if each.type == books.RETURN and shelves.known[each.key].has_lots]
    taken = await store.taken(tx, {(each.key, each.reference) for each in returning})
    lots = await _left(tx, shelves, [each for each in moving if each.qty_delta < 0])
    await _tell_waiting(tx, shelves, {each.key for each in moving if each.qty_delta > 0})
    return [part for each in moving for part in _book(tx, book, each, lots, taken)]


async def _tell_waiting(tx: Tx, shelves: Shelves, keys: Iterable[Key]) -> None:
    promised = [key for key in keys if shelves.known[key].reserved > shelves.known[key].on_hand]
    for order in await awaiting.arrived(tx, promised):
        events.awaited_arrived(tx, order.business, order.ref)


async def take_from(tx: Tx, book: Book, shelves: Shelves, movement: Movement, lot: UUID) -> list[Movement]:
    """Books that units of one lot leave; raises Invalid(`unknown_lot`) and Refused(`exceeds_lot`)."""
    lots = await _left(tx, shelves, [movement]) or Lots((), {}, {})
    return [book.move(lots.take_from(movement, lot))]


async def _left(tx: Tx, shelves: Shelves, leaving: Sequence[Movement]) -> Lots | None:
    keys = {each.key for each in leaving if shelves.known[each.key].has_lots}
    if not keys:
        return None
    today, lots = await store.left(tx, keys)
    return Lots(lots, {key: shelves.known[key].on_hand for key in keys}, today)


def _book(
    tx: Tx, book: Book, movement: Movement, lots: Lots | None, taken: dict[tuple[Key, str], list[Taken]]
) -> list[Movement]:
    if movement.type in ARRIVALS:
        arrived, lot = bring(movement, tx.now, uuid7)
        return [book.move(arrived, lot)]
    if movement.qty_delta > 0:
        place = movement.key, movement.reference
        parts, taken[place] = put_back(movement, taken.get(place, []))
        return [book.move(each) for each in parts]
    if lots and lots.knows(movement.key):
        return [book.move(each) for each in lots.take(movement)]
    return [book.move(movement)]
