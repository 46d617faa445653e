"""What a caller may reserve by name: of any location, or of one."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from inventory.domain.allocation import Part, allocate, total
from inventory.domain.quantity import ZERO
from inventory.domain.stock import Key, Shelves, Sku


class Wish(NamedTuple):
    """Units of a SKU at a location; at any when the location is empty."""

    sku: str
    location: str
    qty: Decimal


class Shortfall(NamedTuple):
    """A wish that cannot be met, and how much of it could be."""

    wish: Wish
    available: Decimal


class Answer(NamedTuple):
    """The units that are there, one part a shelf, and the wishes that are short of some."""

    parts: Sequence[Part]
    shortfalls: Sequence[Shortfall]


def summed(wishes: Sequence[Wish]) -> list[Wish]:
    """Returns one wish for each SKU and location."""
    wanted: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for wish in wishes:
        wanted[wish.sku, wish.location] += wish.qty
    return [Wish(sku, location, qty) for (sku, location), qty in wanted.items()]


def decide(shelves: Shelves, business: UUID, wishes: Sequence[Wish]) -> Answer:
    """Returns what there is for wishes that were summed; those that name a location choose first."""
    free = dict(shelves.free)
    taken: defaultdict[Key, Decimal] = defaultdict(lambda: ZERO)
    shortfalls = []
    for wish in sorted(wishes, key=lambda wish: not wish.location):
        sku = Sku(business, wish.sku)
        places = [key for key in shelves.places(sku) if wish.location in ("", key.location)]
        parts = allocate(free, places, wish.qty, shelves.steps[sku]) if places else []
        for part in parts:
            free[part.key] -= part.qty
            taken[part.key] += part.qty
        if (got := total(parts)) < wish.qty:
            shortfalls.append(Shortfall(wish, got))
    return Answer([Part(key, taken[key]) for key in sorted(taken)], shortfalls)
