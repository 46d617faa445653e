"""Products and locations: what is stocked, and where."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from inventory.domain.quantity import FINEST, ZERO, signed
from inventory.domain.stock import PRIORITY
from kit.errors import Invalid

WAREHOUSE, STOREFRONT = "warehouse", "storefront"
UNIT = "un"


class Product(NamedTuple):
    """A product; prices are in minor units. Its units are allocated by a rule, see domain.allocation."""

    sku: str
    name: str
    unit: str
    step: Decimal
    barcode: str
    retail_price_q: int
    wholesale_price_q: int
    cost_q: int
    is_active: bool
    created_at: datetime
    updated_at: datetime
    allocation: str = PRIORITY


class Location(NamedTuple):
    """A location; stock is taken from the smallest priority first. Units of safety stock are kept back there of every SKU."""

    code: str
    name: str
    type: str
    priority: int
    is_active: bool
    created_at: datetime
    updated_at: datetime
    safety_stock: Decimal = ZERO


def step(text: str) -> Decimal:
    """Reads the step of a product, the finest there is when the text is empty; raises Invalid(`invalid_step`)."""
    if not text:
        return FINEST
    if (found := signed(text)) <= 0:
        raise Invalid("invalid_step", step=text)
    return found


def storefront(code: str, name: str, now: datetime) -> Location:
    """Returns the location that a storefront sells from."""
    return Location(code, name or code, STOREFRONT, 0, is_active=True, created_at=now, updated_at=now)
