"""What a session may hold: all that it asks for, or nothing."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from inventory.domain.allocation import Choice, Part, allocate, choice, total
from inventory.domain.blockage import Others
from inventory.domain.book import Book
from inventory.domain.quantity import ZERO, whole_steps
from inventory.domain.reservation import Owner, Reservation, new, release
from inventory.domain.stock import Key, Shelves, Sku


class Line(NamedTuple):
    """A line of a session."""

    line_id: str
    sku: str
    qty: Decimal


class Demand(NamedTuple):
    """What a session, at a revision, wants to hold, and for how long its commit may rely on it."""

    owner: Owner
    rev: int
    lines: Sequence[Line]
    ttl: timedelta


class Shortage(NamedTuple):
    """A line that cannot be held: all that is asked of its SKU, and what this line could have."""

    line: Line
    requested: Decimal
    available: Decimal


class Missing(NamedTuple):
    """A shortage, whether its SKU is for sale at all, and who holds units of it."""

    shortage: Shortage
    for_sale: bool
    others: Others


class Held(NamedTuple):
    """What a session holds now that its demand was met and until when it may rely on it, or why it holds nothing."""

    reservations: Sequence[Reservation]
    good_until: datetime
    missing: Sequence[Missing]


class Decision(NamedTuple):
    """The parts that a session gets, or the reasons why it gets nothing."""

    parts: Sequence[Part]
    shortages: Sequence[Shortage]
    doubtful: Sequence[Key]
    """Shelves whose holds may have run out, where that could change the decision."""
    choices: Sequence[Choice] = ()


def decide(
    shelves: Shelves, demands: Sequence[Demand], own: Mapping[Owner, Sequence[Reservation]]
) -> Sequence[Decision]:
    """Serves demands in the order of their arrival; what a session holds already counts as free for it, and stays where it is."""
    free = dict(shelves.free)
    return [_serve(shelves, free, demand, own.get(demand.owner, ())) for demand in demands]


def _serve(shelves: Shelves, free: dict[Key, Decimal], demand: Demand, own: Sequence[Reservation]) -> Decision:
    """Serves one demand; changes free to what is left."""
    for reservation in own:
        free[reservation.key] += reservation.held
    first = {reservation.key for reservation in own}
    parts: list[Part] = []
    choices: list[Choice] = []
    doubtful: list[Key] = []
    short: dict[str, tuple[Decimal, Decimal]] = {}
    for name, wanted in _wanted(demand.lines).items():
        sku = Sku(demand.owner.business, name)
        places = shelves.places(sku, first)
        terms = shelves.terms(sku)
        found = allocate(free, places, wanted, terms)
        if made := choice(sku, wanted, terms.rule, free, places, found):
            choices.append(made)
        if (got := total(found)) < wanted:
            short[name] = (wanted, got)
        doubtful += shelves.doubtful(places, [] if got < wanted else [part.key for part in found])
        parts += found
    if short:
        return Decision((), _shortages(shelves, demand, short), doubtful)
    for part in parts:
        free[part.key] -= part.qty
    return Decision(parts, (), doubtful, choices)


def _wanted(lines: Sequence[Line]) -> Mapping[str, Decimal]:
    wanted: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        wanted[line.sku] += line.qty
    return wanted


def _shortages(shelves: Shelves, demand: Demand, short: Mapping[str, tuple[Decimal, Decimal]]) -> Sequence[Shortage]:
    left = {name: got for name, (_, got) in short.items()}
    found = []
    for line in demand.lines:
        if line.sku in short:
            step = shelves.terms(Sku(demand.owner.business, line.sku)).step
            could = whole_steps(min(line.qty, left[line.sku]), step)
            left[line.sku] -= could
            if could < line.qty:
                found.append(Shortage(line, short[line.sku][0], could))
    return found


def rearrange(
    book: Book,
    owner: Owner,
    parts: Sequence[Part],
    own: Sequence[Reservation],
    now: datetime,
    expires_at: datetime,
    new_id: Callable[[], UUID],
) -> list[Reservation]:
    """Turns what an owner holds into the parts, moving only the difference; returns what it holds then."""
    wanted = dict(parts)
    kept = []
    for before in own:
        if part := wanted.pop(before.key, ZERO):
            kept.append(book.change(before, before._replace(qty=before.qty_fulfilled + part, expires_at=expires_at)))
        else:
            book.change(before, release(before, now))
    made = [book.make(new(new_id(), owner, key, qty, now, expires_at)) for key, qty in wanted.items()]
    return kept + made
