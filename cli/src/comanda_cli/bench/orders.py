"""Complete orders through the public API: open with three lines, commit that waits for the stock check."""

import asyncio
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from comanda_cli.api import Api, together
from comanda_cli.bench import shelves
from comanda_cli.bench.usage import CLIENT, cpu_seconds, memory_megabytes
from comanda_cli.fleet import addresses
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home

CHANNEL = "bench"
PRODUCTS = 500
LINES = 3
WARM_UP = 600
STOCK = "1000000"
WAIT_MS = 10_000
SEED = 20_261_120
DRAINED_SECONDS = 30.0
POLL_SECONDS = 0.02
UNFINISHED = "select count(*) from directives where status = 'queued'"
ORDERS = "select count(*) from orders"

JSON = dict[str, Any]


@dataclass(slots=True)
class Timings:
    """Seconds of each request, in the order of their answers."""

    opened: list[float] = field(default_factory=list)
    committed: list[float] = field(default_factory=list)


async def measure(home: Home, orders: int, clients: int, tell: Callable[[str], None]) -> JSON:
    """Returns the figures of so many orders, the warm-up before them not counted; raises FleetError or Refusal.

    The clock stops when the stock of the last order has left, not when its commit is answered: a queue that grows is not
    throughput.
    """
    async with Api.of(home, clients) as api:
        tell(f"Making {PRODUCTS} products with stock")
        skus = await _prepare(api)
        tell(f"Warming up with {WARM_UP} orders")
        await _order(api, skus, WARM_UP, clients)
        await _drained(home)
        tell(f"Measuring {orders} orders with {clients} clients")
        before, began = cpu_seconds(home), time.monotonic()
        timings = await _order(api, skus, orders, clients)
        await _drained(home)
        elapsed, after = time.monotonic() - began, cpu_seconds(home)
    await _check_count(home, WARM_UP + orders)
    per_order = {name: round((after[name] - before[name]) * 1000 / orders, 3) for name in after}
    return {
        "orders": orders,
        "clients": clients,
        "orders_per_second": round(orders / elapsed, 1),
        "open_ms": percentiles(timings.opened),
        "commit_ms": percentiles(timings.committed),
        "server_cpu_ms_per_order": round(sum(per_order.values()) - per_order[CLIENT], 3),
        "cpu_ms_per_order": per_order,
        "rss_mb": memory_megabytes(home),
    }


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Returns the median and the 99th percentile in milliseconds (nearest rank)."""
    ordered = sorted(seconds)
    rank = {name: math.ceil(share * len(ordered)) - 1 for name, share in (("p50", 0.5), ("p99", 0.99))}
    return {name: round(ordered[index] * 1000, 2) for name, index in rank.items()}


async def _prepare(api: Api) -> list[str]:
    skus = [f"BENCH-{number:04}" for number in range(PRODUCTS)]
    config = {"required_checks_on_commit": ["stock"], "post_commit_directives": ["stock.commit"]}
    channel = {"code": CHANNEL, "name": "Benchmark", "pricing_policy": "external", "config": config}
    await api.post("/api/v1/channels", channel, shelves.key())
    await shelves.fill(api, skus, STOCK)
    return skus


async def _order(api: Api, skus: Sequence[str], orders: int, clients: int) -> Timings:
    """Lets the clients make orders, each one after the other, until there are so many."""
    choice = random.Random(SEED)
    timings = Timings()
    waiting = iter(range(orders))

    async def client() -> None:
        for _ in waiting:
            await _one(api, choice.sample(skus, LINES), choice.randint(1, 3), timings)

    await together(client() for _ in range(clients))
    return timings


async def _one(api: Api, skus: Sequence[str], qty: int, timings: Timings) -> None:
    ops = [{"op": "add_line", "sku": sku, "qty": str(qty), "unit_price_q": 1290} for sku in skus]
    began = time.perf_counter()
    session = await api.post("/api/v1/sessions", {"channel_code": CHANNEL, "ops": ops}, shelves.key())
    opened = time.perf_counter()
    body = {"channel_code": CHANNEL, "wait_for_checks_ms": WAIT_MS}
    await api.post(f"/api/v1/sessions/{session['session_key']}/commit", body, shelves.key())
    timings.opened.append(opened - began)
    timings.committed.append(time.perf_counter() - opened)


async def _drained(home: Home) -> None:
    """Returns when no directive is under way; raises FleetError when that takes too long."""
    deadline = time.monotonic() + DRAINED_SECONDS
    connection = await asyncpg.connect(addresses.kept(home).databases["orders"])
    try:
        while unfinished := await connection.fetchval(UNFINISHED):
            if time.monotonic() > deadline:
                raise FleetError(f"{unfinished} directives are still under way after {DRAINED_SECONDS:.0f} s")
            await asyncio.sleep(POLL_SECONDS)
    finally:
        await connection.close()


async def _check_count(home: Home, expected: int) -> None:
    connection = await asyncpg.connect(addresses.kept(home).databases["orders"])
    try:
        found = await connection.fetchval(ORDERS)
    finally:
        await connection.close()
    if found != expected:
        raise FleetError(f"{expected} commits were acknowledged and there are {found} orders")
