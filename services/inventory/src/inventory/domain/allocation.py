"""From which shelves units come."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from inventory.domain.quantity import ZERO, whole_steps
from inventory.domain.stock import Key


class Part(NamedTuple):
    """Units from one shelf."""

    key: Key
    qty: Decimal


def allocate(free: Mapping[Key, Decimal], places: Sequence[Key], qty: Decimal, step: Decimal) -> list[Part]:
    """Returns the parts of a quantity, in whole steps: from the first place that has it all, else from each what it has.

    The parts add up to less than the quantity when the places do not have enough, or when it is no multiple of the step.
    """
    goal = whole_steps(qty, step)
    for place in places:
        if free[place] >= goal > 0:
            return [Part(place, goal)]
    parts = []
    for place in places:
        part = whole_steps(min(free[place], goal), step)
        if part > 0:
            parts.append(Part(place, part))
            goal -= part
    return parts


def total(parts: Sequence[Part]) -> Decimal:
    """Returns how many units the parts are together."""
    return sum((part.qty for part in parts), ZERO)
