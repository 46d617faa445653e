"""What orders need before they can be sent: channel, location, and products; and each of them exactly the stock that it wants."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from comanda_cli.api import Api, Refusal, key_for, together
from comanda_cli.olist.record import Order

CHANNEL = "olist"
LOCATION = "olist"
# Stands in the ledger, with the order's id, at every receipt: the ledger tells for ever which orders have had their stock,
# whatever files they were in.
REFERENCE = "olist-import"
BATCH = 100

CHANNEL_BODY: Mapping[str, Any] = {
    "code": CHANNEL,
    "name": "Olist",
    "pricing_policy": "external",
    "edit_policy": "open",
    "config": {"required_checks_on_commit": ["stock"], "post_commit_directives": ["stock.commit"]},
}
LOCATION_BODY: Mapping[str, Any] = {"code": LOCATION, "name": "Olist", "type": "warehouse"}


@dataclass(slots=True)
class Supply:
    """What was done: how many products were made, and those that Comanda refused."""

    made: int = 0
    refused: list[tuple[str, Refusal]] = field(default_factory=list)


async def prepare(api: Api, products: Mapping[str, str], concurrency: int, done: Supply) -> AsyncGenerator[int, None]:
    """Makes what is missing, a batch of products (names by SKU) at a time.

    Yields how many products each batch had; done is kept up to date. Raises Refusal or Unreachable.
    """
    await _ensure(api, f"/api/v1/channels/{CHANNEL}", "/api/v1/channels", CHANNEL_BODY)
    await _ensure(api, f"/api/v1/locations/{LOCATION}", "/api/v1/locations", LOCATION_BODY)
    for skus in chunks(sorted(products), BATCH):
        await _make_products(api, {sku: products[sku] for sku in skus}, concurrency, done)
        yield len(skus)


async def receive(api: Api, orders: Sequence[Order]) -> int:
    """Receives the stock of orders in one request, whole or not at all; returns how many units. Raises Refusal or Unreachable.

    While an answer is on its way the ledger may not show its receipt yet: the key, which follows from the orders alone, makes
    a repetition harmless all the same.
    """
    lines = [(_reference(order), line) for order in orders for line in order.lines]
    if lines:
        plain = [{"sku": line.sku, "qty": str(line.qty), "reference": reference} for reference, line in lines]
        body = {"location": LOCATION, "lines": plain}
        await api.post("/api/v1/stock/receive", body, key_for("receive", body))
    return sum(line.qty for _, line in lines)


async def received(api: Api, orders: Sequence[Order]) -> set[str]:
    """Returns the ids of those of the orders whose stock the ledger shows; raises Refusal or Unreachable."""
    ids = {_reference(order): order.order_id for order in orders}
    found = set()
    for skus in chunks(sorted({line.sku for order in orders for line in order.lines}), BATCH):
        filters = [("location", LOCATION), ("type", "receipt"), *(("sku", sku) for sku in skus)]
        found |= {movement["reference"] for movement in await api.pages("/api/v1/stock/movements", filters)}
    return {ids[reference] for reference in found & ids.keys()}


def _reference(order: Order) -> str:
    return f"{REFERENCE} {order.order_id}"


def chunks(values: Sequence[Any], size: int) -> list[Sequence[Any]]:
    """Cuts a sequence into parts of at most that size."""
    return [values[start : start + size] for start in range(0, len(values), size)]


async def _ensure(api: Api, path: str, collection: str, body: Mapping[str, Any]) -> None:
    try:
        await api.get(path)
    except Refusal as refusal:
        if refusal.status != 404:
            raise
        await api.post(collection, body, key_for(collection, body))


async def _make_products(api: Api, names: Mapping[str, str], concurrency: int, done: Supply) -> None:
    """Makes the products that are missing; when one is refused the rest goes on."""
    known = {item["sku"] for item in await api.pages("/api/v1/products", [("sku", sku) for sku in names])}
    limit = asyncio.Semaphore(concurrency)

    async def make(sku: str) -> None:
        body = {"sku": sku, "name": names[sku]}
        try:
            async with limit:
                await api.post("/api/v1/products", body, key_for("product", body))
            done.made += 1
        except Refusal as refusal:
            if refusal.code != "duplicate_sku":
                done.refused.append((sku, refusal))

    await together(make(sku) for sku in names.keys() - known)
