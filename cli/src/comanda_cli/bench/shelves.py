"""Products with so much stock that a measurement never runs out of it."""

from collections.abc import Sequence
from uuid import uuid4

from comanda_cli.api import Api, together

LOCATION = "bench"
LINES = 500
CLIENTS = 16


async def fill(api: Api, skus: Sequence[str], qty: str) -> None:
    """Makes the location and the products and puts so much of each there; raises FleetError or Refusal."""
    await api.post("/api/v1/locations", {"code": LOCATION, "name": "Benchmark", "type": "warehouse"}, key())
    waiting = iter(skus)

    async def make() -> None:
        for sku in waiting:
            await api.post("/api/v1/products", {"sku": sku, "name": f"Product {sku}"}, key())

    await together(make() for _ in range(CLIENTS))
    for start in range(0, len(skus), LINES):
        lines = [{"sku": sku, "qty": qty} for sku in skus[start : start + LINES]]
        await api.post("/api/v1/stock/receive", {"location": LOCATION, "lines": lines, "reference": "bench"}, key())


def key() -> str:
    """Returns the idempotency key of something that is done once."""
    return uuid4().hex
