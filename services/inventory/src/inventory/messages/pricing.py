"""Price lists and their prices."""

from datetime import datetime
from typing import Any

from comanda.inventory.v1 import price_lists_pb2
from inventory.domain.pricing import CURRENCY, Price, PriceList, distinct
from inventory.messages.values import given, instant


def price_list(found: PriceList) -> price_lists_pb2.PriceList:
    """Returns the message of a price list."""
    return price_lists_pb2.PriceList(
        code=found.code,
        name=found.name,
        currency=found.currency,
        is_active=found.is_active,
        created_at=instant(found.created_at),
        updated_at=instant(found.updated_at),
    )


def new_price_list(request: price_lists_pb2.CreatePriceListRequest, now: datetime) -> PriceList:
    """Returns the price list that is asked for."""
    return PriceList(
        code=request.code,
        name=request.name,
        currency=request.currency or CURRENCY,
        is_active=request.is_active if request.HasField("is_active") else True,
        created_at=now,
        updated_at=now,
    )


def price_list_changes(request: price_lists_pb2.UpdatePriceListRequest) -> dict[str, Any]:
    """Returns the fields that are given."""
    return given(request, "name", "is_active")


def listed_price(found: Price) -> price_lists_pb2.ListedPrice:
    """Returns the message of a price."""
    return price_lists_pb2.ListedPrice(sku=found.sku, price_q=found.price_q)


def prices(request: price_lists_pb2.SetPricesRequest) -> list[Price]:
    """Returns the prices that are given, by SKU; raises Invalid(`repeated_sku`)."""
    return distinct(Price(each.sku, each.price_q if each.HasField("price_q") else None) for each in request.prices)
