"""Products with so much stock that a measurement never runs out of it."""

from collections.abc import Sequence
from uuid import uuid4

from comanda_cli.api import Api, together

LOCATION = "bench"
PRICE_Q, COST_Q = 1290, 700
LINES = 500
CLIENTS = 16


async def fill(api: Api, skus: Sequence[str], qty: str) -> None:
    """Makes the location and the products and puts so much of each there; raises FleetError or Refusal."""
    await api.post("/api/v1/locations", {"code": LOCATION, "name": "Benchmark", "type": "warehouse"}, key())
    await stock(api, skus, qty)


async def stock(api: Api, skus: Sequence[str], qty: str) -> None:
    """Makes the products and puts so much of each at the location, which is there; raises FleetError or Refusal."""
    waiting = iter(skus)

    async def make() -> None:
        for sku in waiting:
            product = {"sku": sku, "name": f"Product {sku}", "prices": {"retail_price_q": PRICE_Q, "cost_q": COST_Q}}
            await api.post("/api/v1/products", product, key())

    await together(make() for _ in range(CLIENTS))
    for start in range(0, len(skus), LINES):
        lines = [{"sku": sku, "qty": qty} for sku in skus[start : start + LINES]]
        await api.post("/api/v1/stock/receive", {"location": LOCATION, "lines": lines, "reference": "bench"}, key())


def key() -> str:
    """Returns the idempotency key of something that is done once."""
    return uuid4().hex
