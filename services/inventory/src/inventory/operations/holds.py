"""Sessions hold stock: a whole batch of them with a handful of statements."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from inventory.domain.blockage import NOBODY, Lack
from inventory.domain.book import Book
from inventory.domain.hold import Decision, Demand, Held, Missing, Shortage, decide, rearrange
from inventory.domain.reservation import Owner, Reservation, Status
from inventory.domain.stock import Shelves, Sku
from inventory.store import catalogue, directives, ledger
from inventory.store.blockage import others
from inventory.store.reservations import held_by
from inventory.store.shelves import expire, lock_shelves
from kit.db import Tx
from kit.ids import uuid7

Own = Mapping[Owner, Sequence[Reservation]]


async def hold(tx: Tx, demands: Sequence[Demand], margin: timedelta) -> list[Held | None]:
    """Gives every session what it demands, in place of what it held before; None where a newer demand has been met already.

    Each reservation lives longer than the session is told, by the margin: a commit made in the last second still finds it.
    """
    newest = _newest(demands)
    admitted = await directives.admit_sessions(tx, {owner: demand.rev for owner, demand in newest.items()})
    returning = [owner for owner, known in admitted.items() if known]
    own = await held_by(tx, returning)
    shelves = await lock_shelves(tx, _skus([newest[owner] for owner in admitted], own))
    if own:  # as it is now that nobody else can change it
        own = await held_by(tx, returning)
    current = [
        demand for demand in newest.values() if demand.owner in admitted and not _sold(own.get(demand.owner, ()))
    ]
    met = await _meet(tx, shelves, current, own, margin)
    return [met.get(demand.owner) if newest[demand.owner].rev == demand.rev else None for demand in demands]


def _newest(demands: Sequence[Demand]) -> dict[Owner, Demand]:
    newest: dict[Owner, Demand] = {}
    for demand in demands:
        if demand.owner not in newest or newest[demand.owner].rev <= demand.rev:
            newest[demand.owner] = demand
    return newest


def _skus(demands: Sequence[Demand], own: Own) -> set[Sku]:
    wanted = {Sku(demand.owner.business, line.sku) for demand in demands for line in demand.lines}
    return wanted | {Sku(each.business, each.sku) for held in own.values() for each in held}


def _sold(held: Sequence[Reservation]) -> bool:
    """Whether the session has become an order whose units have left: a demand that comes now is a late repeat."""
    return any(reservation.status == Status.COMMITTED for reservation in held)


async def _meet(tx: Tx, shelves: Shelves, demands: Sequence[Demand], own: Own, margin: timedelta) -> dict[Owner, Held]:
    book = Book()
    decisions = decide(shelves, demands, own)
    doubtful = {key for decision in decisions for key in decision.doubtful}
    if await expire(tx, book, shelves, doubtful, [each.id for held in own.values() for each in held]):
        decisions = decide(shelves, demands, own)
    missing = await _explain(tx, demands, decisions)
    met = {}
    for demand, decision in zip(demands, decisions, strict=True):
        good_until = tx.now + demand.ttl
        held = own.get(demand.owner, ())
        book.choices += [(demand.owner, made) for made in decision.choices]
        got = rearrange(book, demand.owner, decision.parts, held, tx.now, good_until + margin, uuid7)
        met[demand.owner] = Held(got, good_until, missing.get(demand.owner, ()))
    ledger.write(tx, book)
    return met


def _short(demands: Sequence[Demand], decisions: Sequence[Decision]) -> Collection[tuple[Sku, Owner]]:
    return {
        (Sku(demand.owner.business, shortage.line.sku), demand.owner)
        for demand, decision in zip(demands, decisions, strict=True)
        for shortage in decision.shortages
    }


async def _explain(tx: Tx, demands: Sequence[Demand], decisions: Sequence[Decision]) -> dict[Owner, list[Missing]]:
    short = _short(demands, decisions)
    if not short:
        return {}
    products = await catalogue.products(tx, {sku for sku, _ in short})
    shortages = [
        (demand.owner, shortage, _lack(demand, decision, shortage))
        for demand, decision in zip(demands, decisions, strict=True)
        for shortage in decision.shortages
    ]
    held = await others(tx, {lack for *_, lack in shortages})
    found: dict[Owner, list[Missing]] = {}
    for owner, shortage, lack in shortages:
        for_sale = lack.sku in products and products[lack.sku].is_active
        found.setdefault(owner, []).append(Missing(shortage, for_sale, held.get(lack, NOBODY)))
    return found


def _lack(demand: Demand, decision: Decision, shortage: Shortage) -> Lack:
    """Returns what is missing until all lines of the shortage's SKU can be held."""
    sku = shortage.line.sku
    missing = sum(each.line.qty - each.available for each in decision.shortages if each.line.sku == sku)
    return Lack(Sku(demand.owner.business, sku), "", demand.owner, Decimal(missing))
