"""Price lists: prices that hold instead of the products' own."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from kit.errors import Invalid

CURRENCY = "BRL"


class PriceList(NamedTuple):
    """A price list; its currency is an ISO 4217 code."""

    code: str
    name: str
    currency: str
    is_active: bool
    created_at: datetime
    updated_at: datetime


class Price(NamedTuple):
    """What a SKU costs on a list, in minor units; None: the list has no price, and the product's own holds (case O-$2)."""

    sku: str
    price_q: int | None


def distinct(prices: Iterable[Price]) -> list[Price]:
    """Returns the prices by SKU; raises Invalid(`repeated_sku`) when one stands there twice."""
    found: dict[str, Price] = {}
    for price in prices:
        if price.sku in found:
            raise Invalid("repeated_sku", sku=price.sku)
        found[price.sku] = price
    return [found[sku] for sku in sorted(found)]
