"""From which shelves units come: by a rule that every product has, as data."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from inventory.domain.quantity import ZERO, whole_steps
from inventory.domain.stock import PRIORITY, Key, Sku, Terms


class Rule(StrEnum):
    """What to do when no location has all: whichever has all comes first, by priority, under every rule."""

    PRIORITY = PRIORITY
    """Take what each has, in the order of the locations' priority."""
    FEWEST_SPLITS = "fewest_splits"
    """Take from those that have most, so that few locations have to send something."""
    SINGLE_LOCATION = "single_location"
    """Take nothing: the units must leave together."""


class Part(NamedTuple):
    """Units from one shelf."""

    key: Key
    qty: Decimal


class Choice(NamedTuple):
    """What a rule decided where several shelves could serve: which of them there were, what they had, and why these parts."""

    sku: Sku
    qty: Decimal
    rule: str
    reason: str
    free: Sequence[Part]
    parts: Sequence[Part]


def allocate(free: Mapping[Key, Decimal], places: Sequence[Key], qty: Decimal, terms: Terms) -> list[Part]:
    """Returns the parts of a quantity, in whole steps: from the first place that has it all, else as the rule says.

    What is only promised is touched when the places together do not have enough without. The parts add up to less than the
    quantity when there is not enough, when the rule allows no more, or when it is no multiple of the step.
    """
    if terms.promised.keys().isdisjoint(places):
        return _allocate(free, places, qty, terms.step, terms.rule)
    there = {place: free[place] - terms.promised.get(place, ZERO) for place in places}
    parts = _allocate(there, places, qty, terms.step, terms.rule)
    if total(parts) == whole_steps(qty, terms.step):
        return parts
    if terms.rule == Rule.SINGLE_LOCATION:
        return _allocate(free, places, qty, terms.step, terms.rule)
    taken = dict(parts)
    left = {place: free[place] - taken.get(place, ZERO) for place in places}
    rest = dict(_allocate(left, places, qty - total(parts), terms.step, terms.rule))
    both = ((place, taken.get(place, ZERO) + rest.get(place, ZERO)) for place in places)
    return [Part(place, part) for place, part in both if part]


def _allocate(free: Mapping[Key, Decimal], places: Sequence[Key], qty: Decimal, step: Decimal, rule: str) -> list[Part]:
    goal = whole_steps(qty, step)
    for place in places:
        if free[place] >= goal > 0:
            return [Part(place, goal)]
    if rule != Rule.PRIORITY:
        places = sorted(places, key=lambda place: -free[place])
    if rule == Rule.SINGLE_LOCATION:
        places = places[:1]
    parts = []
    for place in places:
        part = whole_steps(min(free[place], goal), step)
        if part > 0:
            parts.append(Part(place, part))
            goal -= part
    return parts


def choice(
    sku: Sku, qty: Decimal, rule: str, free: Mapping[Key, Decimal], places: Sequence[Key], parts: Sequence[Part]
) -> Choice | None:
    """Returns what was decided, with its reason, given what was free before; None where there was nothing to choose."""
    if len(places) < 2 or not parts:
        return None
    return Choice(sku, qty, rule, _reason(qty, rule, parts), [Part(place, free[place]) for place in places], parts)


def _reason(qty: Decimal, rule: str, parts: Sequence[Part]) -> str:
    if len(parts) == 1 and parts[0].qty == qty:
        return "first_that_has_all"
    if rule == Rule.SINGLE_LOCATION:
        return "none_has_all_and_only_one_may_serve"
    return "none_has_all_most_first" if rule == Rule.FEWEST_SPLITS else "none_has_all_by_priority"


def total(parts: Sequence[Part]) -> Decimal:
    """Returns how many units the parts are together."""
    return sum((part.qty for part in parts), ZERO)
