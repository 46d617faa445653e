"""The stock of orders leaves, and comes back when they are cancelled: once each, whichever is asked for first."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from inventory.domain.book import Book, Movement
from inventory.domain.order import Commitment, Given, Order, Refusal, Return, Taking, Units, give, take, taking, wait
from inventory.domain.reservation import ORDER, Owner, Reservation, Status
from inventory.domain.stock import Shelves, Sku
from inventory.operations import events, lots
from inventory.store import awaiting, directives, ledger
from inventory.store.reservations import held_by, lock_reservations
from inventory.store.shelves import expire, other_shelf
from kit.db import RETRY, Tx
from kit.ids import uuid7


async def commit(tx: Tx, commitments: Sequence[Commitment]) -> list[Refusal | None]:
    """Lets the units of orders leave, all of an order or none; None: that is done, now or before.

    An order that was released takes nothing and gives its holds up. One that is refused keeps its holds, so that it can be
    tried again; one that waits for goods keeps them for as long as an order may, and is told when some have come in.
    """
    wanted = {each.order: each for each in commitments}
    claims = await directives.claim_orders(tx, wanted)
    ids = await _ids(tx, [each for order, each in wanted.items() if not claims[order].committed])
    found, shelves = await lock_reservations(tx, {(order.business, each) for order in ids for each in ids[order]})
    book, refusals, ready = Book(), dict[Order, Refusal](), dict[Order, Sequence[Reservation]]()
    given = []
    for order, named in ids.items():
        holds = [found[each] for each in named if each in found]
        if claims[order].released:
            given.append((wanted[order].session, order, give(book, order.ref, holds, tx.now)))
        elif unknown := [each for each in named if each not in found]:
            refusals[order] = Refusal(unknown, ())
        else:
            ready[order] = holds
    await _give(tx, book, shelves, given)
    refusals |= await _take(tx, book, shelves, ready)
    directives.unclaim_orders(tx, refusals)
    ledger.write(tx, book)
    return [refusals.get(each.order) for each in commitments]


async def _ids(tx: Tx, commitments: Sequence[Commitment]) -> dict[Order, list[UUID]]:
    """Returns the ids of what each order has to take: those it names, or those its session holds."""
    held = await held_by(tx, [each.session for each in commitments if not each.holds])
    return {
        each.order: list(dict.fromkeys(each.holds)) or [hold.id for hold in held.get(each.session, ())]
        for each in commitments
    }


async def _take(
    tx: Tx, book: Book, shelves: Shelves, holds: Mapping[Order, Sequence[Reservation]]
) -> dict[Order, Refusal]:
    found = _decide(shelves, holds)
    if short := {Sku(order.business, sku) for order in found for sku in found[order].short}:
        if await other_shelf(tx, short, shelves):
            # A hold ended while its shelf was waited for: begin again, which locks all shelves of its SKU.
            raise RETRY
        keep = [each.id for held in holds.values() for each in held]
        if await expire(tx, book, shelves, {key for sku in short for key in shelves.places(sku)}, keep):
            found = _decide(shelves, holds)
    able = {order: chosen for order, chosen in found.items() if not chosen.short and not chosen.awaited}
    waiting = {order: chosen for order, chosen in found.items() if chosen.awaited and not chosen.short}
    for chosen in waiting.values():
        wait(book, chosen, tx.now)
    awaiting.wait(tx, [(hold.key, order) for order in waiting for hold in waiting[order].awaited])
    leaving = [each for order in able for each in take(book, order.ref, able[order], tx.now, uuid7)]
    for order, units in _by_order(await lots.move(tx, book, shelves, leaving)).items():
        events.committed(tx, order.business, order.ref, units)
    return {order: _refusal(chosen) for order, chosen in found.items() if order not in able}


def _refusal(chosen: Taking) -> Refusal:
    return Refusal((), chosen.short, [hold.sku for hold in chosen.awaited])


def _by_order(movements: Sequence[Movement]) -> dict[Order, list[Movement]]:
    found: defaultdict[Order, list[Movement]] = defaultdict(list)
    for each in movements:
        found[Order(each.key.business, each.reference)].append(each)
    return found


def _decide(shelves: Shelves, holds: Mapping[Order, Sequence[Reservation]]) -> dict[Order, Taking]:
    units = Units(dict(shelves.free), {key: shelf.on_hand for key, shelf in shelves.known.items()})
    return {order: taking(shelves, units, order.ref, held) for order, held in holds.items()}


async def release(tx: Tx, returns: Sequence[Return]) -> None:
    """Gives up what sessions and orders hold, brings back what the orders had taken, and lets neither take anything any more."""
    await directives.release_orders(tx, {each.order for each in returns if each.order.ref})
    await directives.close_sessions(tx, {each.session for each in returns if each.session.ref})
    owners = {each.session for each in returns} | {_owner(each.order) for each in returns}
    found, shelves = await lock_reservations(tx, await directives.belongings(tx, [o for o in owners if o.ref]))
    belongings: defaultdict[Owner, list[Reservation]] = defaultdict(list)
    for reservation in found.values():
        gone = reservation.status == Status.COMMITTED
        owner = _owner(Order(reservation.business, reservation.order_ref)) if gone else reservation.owner
        belongings[owner].append(reservation)
    book, given = Book(), []
    for each in returns:
        mine = belongings.pop(each.session, []) + belongings.pop(_owner(each.order), [])
        given.append((each.session, each.order, give(book, each.order.ref, mine, tx.now, each.reason)))
    await _give(tx, book, shelves, given)
    ledger.write(tx, book)


def _owner(order: Order) -> Owner:
    return Owner(order.business, ORDER, "", order.ref)


async def _give(tx: Tx, book: Book, shelves: Shelves, given: Sequence[tuple[Owner, Order, Given]]) -> None:
    back = _by_order(await lots.move(tx, book, shelves, [unit for *_, each in given for unit in each.units]))
    for session, order, each in given:
        if each.holds or each.units:
            events.released(tx, session, order.ref, back.get(order, ()))
