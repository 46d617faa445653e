"""Sales at the counter, through the public API: a draft, three items, completed for cash."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import asyncpg

from comanda_cli.api import Api, together
from comanda_cli.bench import shelves
from comanda_cli.bench.orders import percentiles
from comanda_cli.bench.usage import CLIENT, cpu_seconds, memory_megabytes
from comanda_cli.fleet import addresses
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home

PRODUCTS = 500
ITEMS = 3
WARM_UP = 200
STOCK = "1000000"
SEED = 20_261_122
DRAINED_SECONDS = 30.0
POLL_SECONDS = 0.02
UNLINKED = "select count(*) from audit_pending"
COMPLETED = "select count(*) from sales where status = 'completed' and amount_due_q = 0"

JSON = dict[str, Any]


async def measure(home: Home, sales: int, clients: int, scanned: bool, tell: Callable[[str], None]) -> JSON:
    """Returns the figures of so many sales, the warm-up before them not counted; raises FleetError or Refusal.

    Drafts bring their items along; scanned items are added one by one.

    The clock stops when the audit chain holds the last sale, not when it is answered: a queue that grows is not throughput.
    """
    async with Api.of(home, clients) as api:
        tell(f"Making {PRODUCTS} products with stock")
        skus = [f"BENCH-{number:04}" for number in range(PRODUCTS)]
        await api.post("/api/v1/storefronts", {"code": shelves.LOCATION, "name": "Benchmark"}, shelves.key())
        await shelves.stock(api, skus, STOCK)
        completed = await _count(home, COMPLETED)
        tell(f"Warming up with {WARM_UP} sales")
        await _sell(api, skus, WARM_UP, clients, scanned)
        await _drained(home)
        tell(f"Measuring {sales} sales with {clients} clients")
        before, began = cpu_seconds(home), time.monotonic()
        timings = await _sell(api, skus, sales, clients, scanned)
        await _drained(home)
        elapsed, after = time.monotonic() - began, cpu_seconds(home)
    check_count(WARM_UP + sales, await _count(home, COMPLETED) - completed)
    per_sale = {name: round((after[name] - before[name]) * 1000 / sales, 3) for name in after}
    return {
        "sales": sales,
        "clients": clients,
        "sales_per_second": round(sales / elapsed, 1),
        "complete_ms": percentiles(timings),
        "server_cpu_ms_per_sale": round(sum(per_sale.values()) - per_sale[CLIENT], 3),
        "cpu_ms_per_sale": per_sale,
        "rss_mb": memory_megabytes(home),
    }


async def _sell(api: Api, skus: Sequence[str], sales: int, clients: int, scanned: bool) -> list[float]:
    """Lets the tills sell, each one sale after the other, until there are so many; returns the seconds of each completion."""
    choice = random.Random(SEED)
    completions: list[float] = []
    waiting = iter(range(sales))

    async def till() -> None:
        for _ in waiting:
            quantity = str(choice.randint(1, 3))
            items = [{"sku": sku, "quantity": quantity} for sku in choice.sample(skus, ITEMS)]
            completions.append(await _one(api, items, scanned))

    await together(till() for _ in range(clients))
    return completions


async def _one(api: Api, items: Sequence[JSON], scanned: bool) -> float:
    draft: JSON = {"storefront": shelves.LOCATION, "items": [] if scanned else items}
    sale = await api.post("/api/v1/sales", draft, shelves.key())
    path, due_q = f"/api/v1/sales/{sale['id']}", sale["total_q"]
    for item in items if scanned else ():
        due_q += (await api.post(f"{path}/items", item, shelves.key()))["total_q"]
    began = time.perf_counter()
    body = {"payment_type": "cash", "payments": [{"method": "cash", "amount_q": due_q}]}
    await api.post(f"{path}/complete", body, shelves.key())
    return time.perf_counter() - began


async def _drained(home: Home) -> None:
    """Returns when the audit chain holds everything; raises FleetError when that takes too long."""
    deadline = time.monotonic() + DRAINED_SECONDS
    while unlinked := await _count(home, UNLINKED):
        if time.monotonic() > deadline:
            raise FleetError(f"{unlinked} audit entries are still without a link after {DRAINED_SECONDS:.0f} s")
        await asyncio.sleep(POLL_SECONDS)


def check_count(expected: int, found: int) -> None:
    """Raises FleetError when not every sale is there that was acknowledged."""
    if found != expected:
        raise FleetError(f"{expected} completions were acknowledged and there are {found} completed sales")


async def _count(home: Home, statement: str) -> int:
    connection = await asyncpg.connect(addresses.kept(home).databases["sales"])
    try:
        found: int = await connection.fetchval(statement)
    finally:
        await connection.close()
    return found
