"""Quantities: decimals with at most three places, as `numeric(12,3)` holds them."""

import re
from decimal import Decimal

from kit.errors import Invalid

ZERO = Decimal(0)
LARGEST = Decimal("999999999.999")
FINEST = Decimal("0.001")
_FORM = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,3})?")


def signed(text: str) -> Decimal:
    """Reads a quantity; raises Invalid(`invalid_qty`)."""
    if not _FORM.fullmatch(text):
        raise Invalid("invalid_qty", qty=text[:40])
    return Decimal(text)


def positive(text: str) -> Decimal:
    """Reads a quantity above zero; raises Invalid(`invalid_qty`)."""
    if (qty := signed(text)) <= 0:
        raise Invalid("invalid_qty", qty=text)
    return qty


def printed(qty: Decimal) -> str:
    """Returns a quantity as text with three places."""
    return f"{qty:.3f}"


def whole_steps(qty: Decimal, step: Decimal) -> Decimal:
    """Returns the largest multiple of the step that is not above the quantity."""
    return qty if step == FINEST else qty - qty % step


def check_storable(qty: Decimal) -> Decimal:
    """Returns the quantity; raises Invalid(`quantity_too_large`) when the tables cannot hold it."""
    if qty > LARGEST:
        raise Invalid("quantity_too_large", largest=printed(LARGEST))
    return qty
