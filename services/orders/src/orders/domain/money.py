"""Money in integer minor units (`_q`); a fraction is rounded HALF_UP, once, where it arises (spec 1A.1)."""

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from kit.errors import Invalid

LARGEST = 2**63 - 1
ONE = Decimal(1)


@lru_cache(10_000)  # a line's total is asked for a dozen times on its way into an order
def times(quantity: Decimal, price_q: int) -> int:
    """Returns quantity × price, HALF_UP to a minor unit; raises Invalid(`amount_too_large`) beyond 64 bits."""
    return bounded(int((quantity * price_q).quantize(ONE, ROUND_HALF_UP)))


def divided(amount_q: int, parts: int) -> int:
    """Returns amount ÷ parts, HALF_UP to a minor unit; nothing among none is nothing."""
    return int((Decimal(amount_q) / parts).quantize(ONE, ROUND_HALF_UP)) if parts else 0


def bounded(amount_q: int) -> int:
    """Returns the amount; raises Invalid(`amount_too_large`) when 64 bits cannot hold it."""
    if abs(amount_q) > LARGEST:
        raise Invalid("amount_too_large", largest=str(LARGEST))
    return amount_q


def total(subtotal_q: int, discount_q: int, tax_q: int, shipping_q: int) -> int:
    """Returns subtotal − discount + tax + shipping, never below zero."""
    return bounded(max(0, subtotal_q - discount_q + tax_q + shipping_q))
