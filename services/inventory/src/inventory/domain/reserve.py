"""What callers may reserve by name: of any location, or of one."""

from collections import defaultdict
from collections.abc import Container, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from inventory.domain.allocation import Choice, Part, allocate, choice, total
from inventory.domain.product import Location, Product
from inventory.domain.quantity import printed, whole_steps
from inventory.domain.reservation import Owner
from inventory.domain.stock import Key, Shelves, Sku
from kit.errors import DomainError, Invalid, Refused


class Wish(NamedTuple):
    """Units of a SKU at a location; at any when the location is empty."""

    sku: str
    location: str
    qty: Decimal


class Basket(NamedTuple):
    """What an owner wants to hold for so long: all of it, or, if partial, what there is.

    Its wishes are summed, and served in their order.
    """

    owner: Owner
    wishes: Sequence[Wish]
    ttl: timedelta
    partial: bool
    first: Container[Key] = ()
    """The shelves that serve it before any other."""

    def sku(self, wish: Wish) -> Sku:
        """Returns the SKU of a wish, which is the owner's business's."""
        return Sku(self.owner.business, wish.sku)


class Shortfall(NamedTuple):
    """A wish that cannot be met, and how much of it could be."""

    wish: Wish
    available: Decimal


class Answer(NamedTuple):
    """The units that a basket gets, one part a shelf, and the wishes that are short of some."""

    parts: Sequence[Part]
    shortfalls: Sequence[Shortfall]
    doubtful: Sequence[Key]
    """Shelves whose holds may have run out, where that could change the answer."""
    choices: Sequence[Choice] = ()


def summed(wishes: list[Wish]) -> list[Wish]:
    """Returns one wish for each SKU and location, those that name a location first."""
    if len(wishes) == 1:
        return wishes
    wanted: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for wish in wishes:
        wanted[wish.sku, wish.location] += wish.qty
    found = [Wish(sku, location, qty) for (sku, location), qty in wanted.items()]
    return sorted(found, key=lambda wish: not wish.location)


def proven(shelves: Shelves, basket: Basket) -> bool:
    """Tells whether the shelves alone show that every wish is in order; if not, somebody must ask the catalogue."""
    for wish in basket.wishes:
        sku = basket.sku(wish)
        if not _places(shelves, basket, wish, sku) or whole_steps(wish.qty, shelves.terms(sku).step) != wish.qty:
            return False
    return True


def objection(wish: Wish, product: Product | None, location: Location | None) -> DomainError | None:
    """Returns why nobody could ever meet a wish, if so, from what the catalogue knows of its SKU and its location."""
    if not product:
        return Invalid("unknown_sku", sku=wish.sku)
    if not product.is_active:
        return Refused("product_inactive", sku=wish.sku)
    if whole_steps(wish.qty, product.step) != wish.qty:
        return Invalid("off_step", sku=wish.sku, qty=printed(wish.qty), step=printed(product.step))
    if wish.location and not location:
        return Invalid("unknown_location", location=wish.location)
    if location and not location.is_active:
        return Refused("location_inactive", location=wish.location)
    return None


def decide(shelves: Shelves, baskets: Sequence[Basket]) -> list[Answer]:
    """Serves baskets in the order of their arrival; a basket that is refused takes nothing from those after it."""
    free = dict(shelves.free)
    return [_serve(shelves, free, basket) for basket in baskets]


def _places(shelves: Shelves, basket: Basket, wish: Wish, sku: Sku) -> Sequence[Key]:
    places = shelves.places(sku, basket.first)
    return [key for key in places if key.location == wish.location] if wish.location else places


def _serve(shelves: Shelves, free: dict[Key, Decimal], basket: Basket) -> Answer:
    """Serves one basket; changes free to what is left."""
    taken, shortfalls, choices, doubtful = list[Part](), list[Shortfall](), list[Choice](), list[Key]()
    for wish in basket.wishes:
        sku = basket.sku(wish)
        places = _places(shelves, basket, wish, sku)
        terms = shelves.terms(sku)
        parts = allocate(free, places, wish.qty, terms)
        if made := choice(sku, wish.qty, terms.rule, free, places, parts):
            choices.append(made)
        for part in parts:
            free[part.key] -= part.qty
        taken += parts
        if (got := total(parts)) < wish.qty:
            shortfalls.append(Shortfall(wish, got))
        doubtful += shelves.doubtful(places, [] if got < wish.qty else [part.key for part in parts])
    if shortfalls and not basket.partial:
        for part in taken:
            free[part.key] += part.qty
        return Answer((), shortfalls, doubtful)
    return Answer(_united(taken), shortfalls, doubtful, choices)


def _united(parts: list[Part]) -> list[Part]:
    """Returns one part for each shelf."""
    if len(parts) < 2:
        return parts
    taken: defaultdict[Key, Decimal] = defaultdict(Decimal)
    for part in parts:
        taken[part.key] += part.qty
    return [Part(key, taken[key]) for key in sorted(taken)]
