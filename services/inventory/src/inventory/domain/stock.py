"""Shelves: the units of one SKU at one location, and which of them may serve whom."""

from collections.abc import Container, Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from inventory.domain.quantity import FINEST, ZERO

PRIORITY = "priority"
"""The rule of allocation of a product for which nobody has chosen one."""


class Sku(NamedTuple):
    """A SKU of a business."""

    business: UUID
    sku: str


class Key(NamedTuple):
    """A SKU at a location. Shelves are locked in the order of their keys, everywhere."""

    business: UUID
    sku: str
    location: str


class Shelf(NamedTuple):
    """The units of a SKU at a location, and what is known of both."""

    business: UUID
    sku: str
    location: str
    on_hand: Decimal
    reserved: Decimal
    step: Decimal
    product_active: bool
    location_active: bool
    priority: int
    safety: Decimal = ZERO
    """Units that are kept back: nobody can reserve them."""
    backorder_limit: Decimal = ZERO
    """How many units may be promised beyond those that are there."""
    reorder_point: Decimal | None = None
    has_lots: bool = False
    rule: str = PRIORITY
    """By which its SKU is allocated."""

    @property
    def free(self) -> Decimal:
        """The units that can be promised."""
        return self.on_hand - self.reserved - self.safety + self.backorder_limit

    @property
    def key(self) -> Key:
        """Which shelf it is."""
        return Key(self.business, self.sku, self.location)


class Level(NamedTuple):
    """The units on a shelf, those that are held by reservations which have not run out, and the shelf's settings."""

    key: Key
    on_hand: Decimal
    reserved: Decimal
    safety: Decimal
    backorder_limit: Decimal
    reorder_point: Decimal | None

    @property
    def available(self) -> Decimal:
        """Units that are there and that nobody holds, without those that are kept back (decision 35)."""
        return max(self.on_hand - self.reserved - self.safety, ZERO)


class Settings(NamedTuple):
    """What can be set for a shelf; safety stock that is None is the location's."""

    reorder_point: Decimal | None
    safety_stock: Decimal | None
    backorder_limit: Decimal


class Terms(NamedTuple):
    """How a SKU is given out: in whole steps, by a rule, and in part before it has come in."""

    step: Decimal
    rule: str = PRIORITY
    promised: Mapping[Key, Decimal] = MappingProxyType({})
    """How much of what is free on a shelf is only promised (backorders)."""


UNKNOWN = Terms(FINEST)


class Shelves:
    """The shelves that a transaction has locked. `free` is what can be promised of each; decisions change a copy of it."""

    def __init__(self, shelves: Iterable[Shelf]) -> None:
        self.known = {shelf.key: shelf for shelf in shelves}
        self.free = {key: shelf.free for key, shelf in self.known.items()}
        promised = {key: shelf.backorder_limit for key, shelf in self.known.items() if shelf.backorder_limit}
        self._terms = {
            Sku(shelf.business, shelf.sku): Terms(shelf.step, shelf.rule, promised) for shelf in self.known.values()
        }
        self._open: dict[Sku, list[Key]] = {}
        for key, shelf in sorted(self.known.items(), key=lambda pair: (pair[1].priority, pair[0].location)):
            if shelf.product_active and shelf.location_active:
                self._open.setdefault(Sku(key.business, key.sku), []).append(key)

    def terms(self, sku: Sku) -> Terms:
        """Returns how a SKU is given out."""
        return self._terms.get(sku, UNKNOWN)

    def places(self, sku: Sku, first: Container[Key] = ()) -> Sequence[Key]:
        """Returns which shelves may serve a SKU: those in `first`, then by the location's priority and code."""
        places = self._open.get(sku, [])
        return sorted(places, key=lambda key: key not in first) if first and len(places) > 1 else places

    def doubtful(self, places: Sequence[Key], used: Sequence[Key]) -> list[Key]:
        """Returns which of the places somebody holds units of, unless the first of them serves alone.

        A hold that has run out counts for nobody (decision 38), and without it another place might have been chosen.
        """
        return [] if used == places[:1] else [key for key in places if self.known[key].reserved]
