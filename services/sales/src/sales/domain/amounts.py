"""Arithmetic of amounts: minor units, each step rounded half up (decision 29)."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from kit.errors import Invalid

LARGEST_Q = 10**15
ONE, HUNDRED, CENT = Decimal(1), Decimal(100), Decimal("0.01")


def rounded(value: Decimal) -> int:
    """Returns a value as minor units; raises Invalid(`amount_too_large`) for what no shop has."""
    found = int(value.quantize(ONE, ROUND_HALF_UP))
    if abs(found) > LARGEST_Q:
        raise Invalid("amount_too_large", largest_q=LARGEST_Q)
    return found


def times(quantity: Decimal, price_q: int) -> int:
    """Returns quantity times price."""
    return rounded(quantity * price_q)


def percent(amount_q: int, percentage: Decimal) -> int:
    """Returns a percentage of an amount."""
    return rounded(amount_q * percentage / HUNDRED)


def share(part_q: int, whole_q: int) -> Decimal:
    """Returns a part as a percentage of a whole, with two places; zero of nothing."""
    return (part_q * HUNDRED / whole_q).quantize(CENT, ROUND_HALF_UP) if whole_q > 0 else Decimal(0)


def divided(amount_q: int, weights: Mapping[UUID, int]) -> dict[UUID, int]:
    """Divides an amount by weights, the odd cents to the largest remainders; nobody gets anything where nothing weighs."""
    whole = sum(weights.values())
    exact = {key: divmod(amount_q * weight, whole or 1) for key, weight in weights.items()}
    found = {key: part_q for key, (part_q, _) in exact.items()}
    odd = amount_q - sum(found.values()) if whole else 0
    for key in sorted(exact, key=lambda each: (-exact[each][1], each))[:odd]:
        found[key] += 1
    return found
