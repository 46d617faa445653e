"""Products and locations are created and described."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from comanda.inventory.events.v1 import events_pb2 as events
from inventory.domain.product import Location, Product
from inventory.store import catalogue
from kit import outbox
from kit.db import Tx
from kit.errors import Duplicate


async def create_product(tx: Tx, product: Product) -> Product:
    """Creates a product; raises Duplicate(`duplicate_sku`)."""
    if not await catalogue.add_product(tx, product):
        raise Duplicate("duplicate_sku", sku=product.sku)
    outbox.add(tx, f"product/{product.sku}", events.ProductCreated(**_described(product)))
    return product


async def update_product(tx: Tx, sku: str, changes: dict[str, Any]) -> Product:
    """Changes the fields that are given; raises NotFound."""
    product = (await catalogue.lock_product(tx, sku))._replace(**changes, updated_at=tx.now)
    catalogue.save_product(tx, product)
    outbox.add(tx, f"product/{sku}", events.ProductUpdated(**_described(product)))
    return product


def _described(product: Product) -> dict[str, Any]:
    prices = events.ProductPrices(
        retail_price_q=product.retail_price_q, wholesale_price_q=product.wholesale_price_q, cost_q=product.cost_q
    )
    return {"sku": product.sku, "name": product.name, "is_active": product.is_active, "prices": prices}


async def create_location(tx: Tx, location: Location) -> Location:
    """Creates a location; raises Duplicate(`duplicate_location`)."""
    if not await catalogue.add_locations(tx, [(tx.business, location)]):
        raise Duplicate("duplicate_location", code=location.code)
    return location


async def update_location(tx: Tx, code: str, changes: dict[str, Any]) -> Location:
    """Changes the fields that are given; raises NotFound."""
    location = (await catalogue.lock_location(tx, code))._replace(**changes, updated_at=tx.now)
    catalogue.save_location(tx, location)
    return location


async def open_storefronts(tx: Tx, locations: Sequence[tuple[UUID, Location]]) -> None:
    """Creates the locations of new storefronts, given with their businesses; one that exists stays as it is."""
    await catalogue.add_locations(tx, locations)
