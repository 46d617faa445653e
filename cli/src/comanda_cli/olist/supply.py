"""What the orders of a file need before they can be sent: channel, location, products, and exactly the stock that they want."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from comanda_cli.api import Api, Refusal, key_for, together
from comanda_cli.olist.file import Product, Survey

CHANNEL = "olist"
LOCATION = "olist"
# Stands in the ledger, with the first order of the file, at every receipt: what was received for a file is the sum of these.
# The first order is the same when a file grows, is renamed or packed, and another file has another one.
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
    """What was done: products made, units received, and the products that Comanda refused."""

    products: int = 0
    units: int = 0
    refused: list[tuple[str, Refusal]] = field(default_factory=list)


async def supply(api: Api, survey: Survey, concurrency: int, done: Supply) -> AsyncGenerator[int, None]:
    """Makes what is missing, and receives what is wanted beyond what earlier imports have received, a batch at a time.

    Yields how many products each batch had; done is kept up to date. Raises Refusal or Unreachable.
    """
    await _ensure(api, f"/api/v1/channels/{CHANNEL}", "/api/v1/channels", CHANNEL_BODY)
    await _ensure(api, f"/api/v1/locations/{LOCATION}", "/api/v1/locations", LOCATION_BODY)
    reference = f"{REFERENCE} {survey.first_order}"
    for skus in chunks(list(survey.demand), BATCH):
        wanted = {sku: survey.demand[sku] for sku in skus}
        await _make_products(api, wanted, concurrency, done)
        await _receive(api, reference, {sku: product.qty for sku, product in wanted.items()}, done)
        yield len(skus)


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


async def _make_products(api: Api, wanted: dict[str, Product], concurrency: int, done: Supply) -> None:
    """Makes the products that are missing; one that is refused is taken out of wanted, and the rest goes on."""
    known = {item["sku"] for item in await api.pages("/api/v1/products", [("sku", sku) for sku in wanted])}
    limit = asyncio.Semaphore(concurrency)

    async def make(sku: str) -> None:
        body = {"sku": sku, "name": wanted[sku].name}
        try:
            async with limit:
                await api.post("/api/v1/products", body, key_for("product", body))
            done.products += 1
        except Refusal as refusal:
            if refusal.code != "duplicate_sku":
                done.refused.append((sku, refusal))
                del wanted[sku]

    await together(make(sku) for sku in wanted.keys() - known)


async def _receive(api: Api, reference: str, wanted: Mapping[str, int], done: Supply) -> None:
    """Receives what is missing in one request, which happens whole or not at all.

    The ledger says what is missing, so that a repetition is harmless for ever. While an answer is on its way the ledger may
    not show its receipt yet: the key, which names the goal and not the difference, makes the same request the same.
    """
    if not wanted:
        return
    received = await _received(api, reference, wanted)
    missing = {sku: qty - int(received[sku]) for sku, qty in wanted.items() if qty > received[sku]}
    if missing:
        lines = [{"sku": sku, "qty": str(qty)} for sku, qty in missing.items()]
        body = {"location": LOCATION, "reference": reference, "lines": lines}
        await api.post("/api/v1/stock/receive", body, key_for("receive", body, dict(wanted)))
        done.units += sum(missing.values())


async def _received(api: Api, reference: str, skus: Mapping[str, int]) -> Mapping[str, Decimal]:
    received: defaultdict[str, Decimal] = defaultdict(Decimal)
    filters = [("location", LOCATION), ("type", "receipt"), ("reference", reference)]
    for movement in await api.pages("/api/v1/stock/movements", [*filters, *(("sku", sku) for sku in skus)]):
        received[movement["sku"]] += Decimal(movement["qty_delta"])
    return received
