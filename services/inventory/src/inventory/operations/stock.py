"""Goods come in, and counts are put right."""

from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from uuid import UUID

from comanda.inventory.events.v1 import events_pb2 as messages
from inventory.domain import book as books
from inventory.domain.book import Book, Movement
from inventory.domain.quantity import ZERO, check_storable, printed, whole_steps
from inventory.domain.stock import Key, Level, Settings, Shelf, Shelves, Sku
from inventory.operations import events, lots
from inventory.store import catalogue, ledger
from inventory.store.shelves import expire, lock_shelves, make_shelves, reserved_on, settings
from kit import outbox
from kit.db import Tx
from kit.errors import Invalid, Refused


async def receive(tx: Tx, location: str, receipts: Sequence[Movement]) -> list[Level]:
    """Books what came in at a location and returns the levels of its SKUs.

    Raises Invalid (`unknown_location`, `unknown_sku`, `off_step`, `quantity_too_large`).
    """
    shelves, book = await shelves_at(tx, [location], {receipt.key for receipt in receipts}), Book()
    for receipt in receipts:
        check_step(shelves, receipt)
    await lots.move(tx, book, shelves, receipts)
    for key, qty in book.on_hand.items():
        check_storable(shelves.known[key].on_hand + qty)
    ledger.write(tx, book)
    lines = [events.change(Movement(key, books.RECEIPT, qty)) for key, qty in book.on_hand.items()]
    references = {receipt.reference for receipt in receipts}
    reference = references.pop() if len(references) == 1 else ""
    event = messages.StockReceived(location=location, lines=lines, reference=reference)
    outbox.add(tx, f"stock/{location}", event)
    return await _levels(tx, shelves, book)


async def adjust(
    tx: Tx, key: Key, delta: Decimal | None, counted: Decimal | None, reason: str, lot: UUID | None = None
) -> Level:
    """Corrects a shelf by a difference, or to a count when there is no difference, and returns its level.

    Units that leave come from the lot if one is named. Raises Invalid (`unknown_location`, `unknown_sku`, `unknown_lot`,
    `invalid_adjustment`, `quantity_too_large`) and Refused (`below_reserved`, `exceeds_lot`).
    """
    if lot and (delta is None or delta >= 0):
        raise Invalid("invalid_adjustment")
    shelves = await shelves_at(tx, [key.location], [key])
    shelf, book = shelves.known[key], Book()
    change = delta if delta is not None else (counted or ZERO) - shelf.on_hand
    await expire(tx, book, shelves, [key])
    on_hand, reserved = shelf.on_hand + change, shelf.reserved + book.reserved[key]
    if change < 0 and on_hand < reserved:
        raise Refused("below_reserved", on_hand=printed(shelf.on_hand), reserved=printed(reserved))
    check_storable(on_hand)
    if change:
        movement = Movement(key, books.ADJUSTMENT, change, reason=reason)
        if lot:
            await lots.take_from(tx, book, shelves, movement, lot)
        else:
            await lots.move(tx, book, shelves, [movement])
        event = messages.StockAdjusted(location=key.location, change=events.change(movement), reason=reason)
        outbox.add(tx, f"stock/{key.location}", event)
    ledger.write(tx, book)
    return _level(shelf, on_hand, reserved)


async def change_settings(tx: Tx, key: Key, changed: Callable[[Settings], Settings]) -> Level:
    """Changes the settings of a shelf, which is made where it did not exist, and returns its level.

    Raises Invalid (`unknown_location`, `unknown_sku`) and Refused(`backorders_open`) for a limit below what is promised.
    """
    shelves = await shelves_at(tx, [key.location], [key])
    book = Book()
    await expire(tx, book, shelves, [key])
    found = changed(await settings(tx, key))
    shelf = shelves.known[key]
    reserved = shelf.reserved + book.reserved[key]
    if (promised := reserved - shelf.on_hand) > found.backorder_limit:
        raise Refused("backorders_open", backordered=printed(promised))
    ledger.change_settings(tx, key, found, book)
    place = (await catalogue.locations(tx, [key.location]))[key.location]
    safety = place.safety_stock if found.safety_stock is None else found.safety_stock
    return Level(key, shelf.on_hand, reserved, safety, found.backorder_limit, found.reorder_point)


async def shelves_at(tx: Tx, locations: Collection[str], keys: Collection[Key]) -> Shelves:
    """Locks shelves at those locations, made where they did not exist, and all others of their SKUs.

    Raises Invalid (`unknown_location`, `unknown_sku`).
    """
    places = await catalogue.locations(tx, locations)
    if strange := sorted(set(locations) - places.keys()):
        raise Invalid("unknown_location", location=", ".join(strange))
    skus = {Sku(key.business, key.sku) for key in keys}
    known = await catalogue.products(tx, skus)
    if unknown := sorted(sku.sku for sku in skus if sku not in known):
        raise Invalid("unknown_sku", sku=", ".join(unknown))
    await make_shelves(tx, sorted(keys))
    return await lock_shelves(tx, skus)


def check_step(shelves: Shelves, movement: Movement) -> None:
    """Raises Invalid(`off_step`) when the units that move are no multiple of their product's step."""
    step, qty = shelves.terms(Sku(movement.key.business, movement.key.sku)).step, abs(movement.qty_delta)
    if whole_steps(qty, step) != qty:
        raise Invalid("off_step", sku=movement.key.sku, qty=printed(qty), step=printed(step))


async def _levels(tx: Tx, shelves: Shelves, book: Book) -> list[Level]:
    reserved = await reserved_on(tx, book.on_hand)
    known = shelves.known
    return [_level(known[key], known[key].on_hand + book.on_hand[key], reserved[key]) for key in sorted(book.on_hand)]


def _level(shelf: Shelf, on_hand: Decimal, reserved: Decimal) -> Level:
    return Level(shelf.key, on_hand, reserved, shelf.safety, shelf.backorder_limit, shelf.reorder_point)
