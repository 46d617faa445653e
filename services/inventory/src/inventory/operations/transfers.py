"""Units go from one location to another: at once, or in transit with one or more arrivals."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from comanda.inventory.events.v1 import events_pb2 as messages
from inventory.domain import transfer as domain
from inventory.domain.book import Book, Movement
from inventory.domain.quantity import ZERO, check_storable, printed
from inventory.domain.stock import Key, Shelves
from inventory.domain.transfer import Arrival, Transfer
from inventory.operations import events, lots
from inventory.operations.stock import check_step, shelves_at
from inventory.store import ledger
from inventory.store import transfers as store
from inventory.store.shelves import expire
from kit import outbox
from kit.db import Tx
from kit.errors import Invalid, Refused


async def send(tx: Tx, transfer: Transfer) -> Transfer:
    """Takes the units of a new transfer from their location.

    Raises Invalid (`same_location`, `unknown_location`, `unknown_sku`, `off_step`) and Refused(`insufficient_stock`, with the
    short lines) when somebody holds the units or they are not there.
    """
    shelves, book = await _shelves(tx, transfer), Book()
    sent = await _leave(tx, book, shelves, transfer)
    ledger.write(tx, book)
    await store.add(tx, sent)
    return sent


async def transfer_at_once(tx: Tx, transfer: Transfer) -> Transfer:
    """Moves units from one location to another, with nothing in transit; raises what send raises."""
    shelves, book = await _shelves(tx, transfer), Book()
    received, arriving = domain.receive(await _leave(tx, book, shelves, transfer), (), tx.now)
    moved = await lots.move(tx, book, shelves, arriving)
    _check_room(shelves, book, moved)
    ledger.write(tx, book)
    _tell(tx, received, moved, messages.TransferReceived)
    await store.add(tx, received)
    return received


async def _shelves(tx: Tx, transfer: Transfer) -> Shelves:
    if transfer.origin == transfer.destination:
        raise Invalid("same_location", location=transfer.origin)
    places = {
        Key(transfer.business, line.sku, location)
        for line in transfer.lines
        for location in (transfer.origin, transfer.destination)
    }
    return await shelves_at(tx, {transfer.origin, transfer.destination}, places)


async def _leave(tx: Tx, book: Book, shelves: Shelves, transfer: Transfer) -> Transfer:
    leaving = domain.send(transfer)
    for movement in leaving:
        check_step(shelves, movement)
    await expire(tx, book, shelves, {movement.key for movement in leaving})
    if short := [movement for movement in leaving if _free(shelves, book, movement.key) < -movement.qty_delta]:
        raise Refused("insufficient_stock", lines=[_short(shelves, book, movement) for movement in short])
    moved = await lots.move(tx, book, shelves, leaving)
    _tell(tx, transfer, moved, messages.TransferSent)
    return domain.sent(transfer, moved)


def _free(shelves: Shelves, book: Book, key: Key) -> Decimal:
    """Returns the units that nobody holds; what is kept back from buyers may be moved."""
    return shelves.known[key].on_hand - shelves.known[key].reserved - book.reserved[key]


def _short(shelves: Shelves, book: Book, movement: Movement) -> dict[str, str]:
    available = max(_free(shelves, book, movement.key), ZERO)
    return {
        "sku": movement.key.sku,
        "location": movement.key.location,
        "requested": printed(-movement.qty_delta),
        "available": printed(available),
    }


async def receive(tx: Tx, identifier: UUID, arrivals: Sequence[Arrival]) -> Transfer:
    """Books what arrived of a transfer, all that is under way when nothing is named.

    Raises NotFound, Invalid(`quantity_too_large`), and what the domain's receive raises.
    """
    transfer, moved = domain.receive(await store.lock(tx, identifier), arrivals, tx.now)
    await _arrive(tx, transfer, moved)
    _tell(tx, transfer, moved, messages.TransferReceived)
    return transfer


async def cancel(tx: Tx, identifier: UUID) -> Transfer:
    """Puts what is under way back where it came from; raises NotFound and Refused(`transfer_received`)."""
    transfer, moved = domain.cancel(await store.lock(tx, identifier), tx.now)
    await _arrive(tx, transfer, moved)
    _tell(tx, transfer, moved, messages.TransferCancelled)
    return transfer


async def _arrive(tx: Tx, transfer: Transfer, moved: Sequence[Movement]) -> None:
    if not moved:
        return
    keys, book = {movement.key for movement in moved}, Book()
    shelves = await shelves_at(tx, {key.location for key in keys}, keys)
    await lots.move(tx, book, shelves, moved)
    _check_room(shelves, book, moved)
    ledger.write(tx, book)
    store.save(tx, transfer)


def _check_room(shelves: Shelves, book: Book, moved: Sequence[Movement]) -> None:
    for movement in moved:
        check_storable(shelves.known[movement.key].on_hand + book.on_hand[movement.key])


def _tell(
    tx: Tx,
    transfer: Transfer,
    moved: Sequence[Movement],
    kind: type[messages.TransferSent] | type[messages.TransferReceived] | type[messages.TransferCancelled],
) -> None:
    if moved:
        lines = [events.change(movement) for movement in moved]
        outbox.add(tx, f"transfer/{transfer.id}", kind(id=str(transfer.id), status=transfer.status, lines=lines))
