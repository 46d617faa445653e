"""Products and locations."""

from datetime import datetime
from typing import Any

from comanda.inventory.v1 import locations_pb2, products_pb2
from inventory.domain.product import UNIT, WAREHOUSE, Location, Product, step
from inventory.domain.quantity import printed, signed
from inventory.domain.stock import PRIORITY
from inventory.messages.values import enum, given, instant, short


def product(found: Product) -> products_pb2.Product:
    """Returns the message of a product."""
    return products_pb2.Product(
        sku=found.sku,
        name=found.name,
        unit=found.unit,
        step=printed(found.step),
        barcode=found.barcode,
        prices=products_pb2.Prices(
            retail_price_q=found.retail_price_q, wholesale_price_q=found.wholesale_price_q, cost_q=found.cost_q
        ),
        is_active=found.is_active,
        created_at=instant(found.created_at),
        updated_at=instant(found.updated_at),
        allocation=enum(products_pb2.AllocationRule, found.allocation),
    )


def new_product(request: products_pb2.CreateProductRequest, now: datetime) -> Product:
    """Returns the product that is asked for; raises Invalid."""
    return Product(
        sku=request.sku,
        name=request.name,
        unit=request.unit or UNIT,
        step=step(request.step),
        barcode=request.barcode,
        **_prices(request.prices),
        is_active=request.is_active if request.HasField("is_active") else True,
        created_at=now,
        updated_at=now,
        allocation=short(products_pb2.AllocationRule, request.allocation) or PRIORITY,
    )


def product_changes(request: products_pb2.UpdateProductRequest) -> dict[str, Any]:
    """Returns the fields that are given; raises Invalid."""
    changes = given(request, "name", "unit", "barcode", "is_active")
    if request.HasField("step"):
        changes["step"] = step(request.step)
    if request.allocation:
        changes["allocation"] = short(products_pb2.AllocationRule, request.allocation)
    if request.HasField("prices"):
        changes |= _prices(request.prices)
    return changes


def _prices(prices: products_pb2.Prices) -> dict[str, int]:
    names = ("retail_price_q", "wholesale_price_q", "cost_q")
    return {name: getattr(prices, name) for name in names}


def location(found: Location) -> locations_pb2.Location:
    """Returns the message of a location."""
    return locations_pb2.Location(
        code=found.code,
        name=found.name,
        type=enum(locations_pb2.LocationType, found.type),
        priority=found.priority,
        is_active=found.is_active,
        created_at=instant(found.created_at),
        updated_at=instant(found.updated_at),
        safety_stock=printed(found.safety_stock),
    )


def new_location(request: locations_pb2.CreateLocationRequest, now: datetime) -> Location:
    """Returns the location that is asked for."""
    return Location(
        code=request.code,
        name=request.name,
        type=short(locations_pb2.LocationType, request.type) or WAREHOUSE,
        priority=request.priority,
        is_active=request.is_active if request.HasField("is_active") else True,
        created_at=now,
        updated_at=now,
        safety_stock=signed(request.safety_stock or "0"),
    )


def location_changes(request: locations_pb2.UpdateLocationRequest) -> dict[str, Any]:
    """Returns the fields that are given."""
    changes = given(request, "name", "priority", "is_active")
    return changes | {"safety_stock": signed(request.safety_stock)} if request.HasField("safety_stock") else changes
