"""What callers may reserve by name: of any location, or of one."""

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from inventory.domain.allocation import Choice, Part, Terms, allocate, choice, total
from inventory.domain.product import Location, Product
from inventory.domain.quantity import FINEST, ZERO, printed, whole_steps
from inventory.domain.reservation import Owner
from inventory.domain.stock import PRIORITY, Key, Shelves, Sku
from kit.errors import DomainError, Invalid, Refused


class Wish(NamedTuple):
    """Units of a SKU at a location; at any when the location is empty."""

    sku: str
    location: str
    qty: Decimal


class Basket(NamedTuple):
    """What an owner wants to hold for so long: all of it, or, if partial, what there is. Its wishes are summed."""

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
    choices: Sequence[Choice] = ()


def summed(wishes: Iterable[Wish]) -> list[Wish]:
    """Returns one wish for each SKU and location."""
    wanted: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for wish in wishes:
        wanted[wish.sku, wish.location] += wish.qty
    return [Wish(sku, location, qty) for (sku, location), qty in wanted.items()]


def proven(shelves: Shelves, basket: Basket) -> bool:
    """Tells whether the shelves alone show that every wish is in order; if not, somebody must ask the catalogue."""
    return all(
        any(wish.location in ("", key.location) for key in shelves.places(basket.sku(wish)))
        and whole_steps(wish.qty, shelves.steps[basket.sku(wish)]) == wish.qty
        for wish in basket.wishes
    )


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


def doubtful(shelves: Shelves, basket: Basket, answer: Answer) -> set[Key]:
    """Returns the shelves whose holds may have run out, where that could change the answer."""
    used, short = {part.key for part in answer.parts}, {each.wish for each in answer.shortfalls}
    return {
        key
        for wish in basket.wishes
        for key in shelves.doubtful(_places(shelves, basket, wish), set() if wish in short else used)
    }


def _places(shelves: Shelves, basket: Basket, wish: Wish) -> Sequence[Key]:
    return [key for key in shelves.places(basket.sku(wish), basket.first) if wish.location in ("", key.location)]


def _serve(shelves: Shelves, free: dict[Key, Decimal], basket: Basket) -> Answer:
    """Serves one basket, the wishes that name a location first; changes free to what is left."""
    taken: defaultdict[Key, Decimal] = defaultdict(lambda: ZERO)
    shortfalls, choices = [], []
    for wish in sorted(basket.wishes, key=lambda wish: not wish.location):
        sku = basket.sku(wish)
        places = _places(shelves, basket, wish)
        terms = Terms(shelves.steps.get(sku, FINEST), shelves.rules.get(sku, PRIORITY), shelves.promised)
        parts = allocate(free, places, wish.qty, terms)
        if made := choice(sku, wish.qty, terms.rule, free, places, parts):
            choices.append(made)
        for part in parts:
            free[part.key] -= part.qty
            taken[part.key] += part.qty
        if (got := total(parts)) < wish.qty:
            shortfalls.append(Shortfall(wish, got))
    if shortfalls and not basket.partial:
        for key, qty in taken.items():
            free[key] += qty
        return Answer((), shortfalls)
    return Answer([Part(key, taken[key]) for key in sorted(taken)], shortfalls, choices)
