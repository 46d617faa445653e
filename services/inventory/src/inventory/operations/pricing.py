"""Price lists are created and described, and prices set."""

from collections.abc import Sequence
from typing import Any

from comanda.inventory.events.v1 import events_pb2 as events
from inventory.domain.pricing import Price, PriceList
from inventory.domain.stock import Sku
from inventory.store import catalogue
from inventory.store import pricing as store
from kit import outbox
from kit.db import Tx
from kit.errors import Duplicate, Invalid


async def create_price_list(tx: Tx, price_list: PriceList) -> PriceList:
    """Creates a price list; raises Duplicate(`duplicate_price_list`)."""
    if not await store.add_price_list(tx, price_list):
        raise Duplicate("duplicate_price_list", code=price_list.code)
    _tell(tx, price_list.code, events.PriceListCreated(**_described(price_list)))
    return price_list


async def update_price_list(tx: Tx, code: str, changes: dict[str, Any]) -> PriceList:
    """Changes the fields that are given; raises NotFound."""
    price_list = (await store.lock_price_list(tx, code))._replace(**changes, updated_at=tx.now)
    store.save_price_list(tx, price_list)
    _tell(tx, code, events.PriceListUpdated(**_described(price_list)))
    return price_list


async def set_prices(tx: Tx, code: str, prices: Sequence[Price]) -> Sequence[Price]:
    """Sets prices of a list, each SKU once; raises NotFound for the list, Invalid(`unknown_sku`)."""
    price_list = await store.lock_price_list(tx, code)
    skus = {Sku(tx.business, price.sku) for price in prices}
    known = await catalogue.products(tx, skus)
    if unknown := sorted(sku.sku for sku in skus if sku not in known):
        raise Invalid("unknown_sku", sku=", ".join(unknown))
    store.save_price_list(tx, price_list._replace(updated_at=tx.now))
    store.save_prices(tx, code, prices)
    _tell(tx, code, events.PricesSet(price_list=code, prices=[events.PriceSet(**each._asdict()) for each in prices]))
    return prices


def _described(price_list: PriceList) -> dict[str, Any]:
    return {name: getattr(price_list, name) for name in ("code", "name", "currency", "is_active")}


def _tell(tx: Tx, code: str, event: Any) -> None:
    outbox.add(tx, f"price-list/{code}", event)
