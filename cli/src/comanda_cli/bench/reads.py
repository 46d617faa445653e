"""How long lists, searches, polls, and analytics take through the public API when there are few orders, and when there are many."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg

from comanda_cli.api import Api
from comanda_cli.bench import history
from comanda_cli.bench.history import Made
from comanda_cli.bench.orders import percentiles
from comanda_cli.fleet import addresses
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home

SEED = 20_261_121
WARM_UP, COUNTED = 10, 100
LIST, POLL, DAY = "/api/v1/orders", "/api/v1/orders/poll", "/api/v1/analytics/orders"
BUSINESS = "select business_id from businesses"

JSON = dict[str, object]
Params = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Query:
    """A question about an order, and whether an answer is right."""

    path: str
    params: Callable[[Made], Params]
    right: Callable[[Made, JSON], bool]


def _listed(made: Made, answer: JSON) -> bool:
    return made.ref in _refs(answer)


def _some(_: Made, answer: JSON) -> bool:
    return bool(_refs(answer))


def _refs(answer: JSON) -> list[object]:
    items = answer["items"]
    assert isinstance(items, list)
    return [item["ref"] for item in items]


QUERIES = {
    "list": Query(LIST, lambda _: (), lambda _, answer: len(_refs(answer)) == 25),
    "list_from_a_time": Query(LIST, lambda made: [("order_by", "created_at"), ("created_from", _text(made))], _listed),
    "list_status": Query(LIST, lambda _: [("status", "new")], _some),
    "list_channel": Query(LIST, lambda _: [("channel_code", "app")], lambda _, answer: len(_refs(answer)) == 25),
    "list_handle": Query(
        LIST,
        lambda made: [("handle_ref", made.handle or "C-none")],
        lambda made, answer: not made.handle or _listed(made, answer),
    ),
    "list_external_ref": Query(LIST, lambda made: [("external_ref", made.external_ref)], _listed),
    "list_by_total": Query(LIST, lambda _: [("order_by", "-total_q")], lambda _, answer: len(_refs(answer)) == 25),
    "search_ref": Query(LIST, lambda made: [("search", made.ref)], _listed),
    "search_part_of_ref": Query(LIST, lambda made: [("search", made.ref[-8:])], _listed),
    "search_external_ref": Query(LIST, lambda made: [("search", made.external_ref)], _listed),
    "search_email": Query(LIST, lambda made: [("search", made.email)], _listed),
    "search_name": Query(LIST, lambda made: [("search", made.name)], _some),
    "search_first_name": Query(LIST, lambda made: [("search", made.name.split()[0])], _some),
    "search_surname": Query(LIST, lambda made: [("search", made.name.split()[1])], _some),
    "search_sku": Query(LIST, lambda made: [("search", made.lines[0][0])], _some),
    "analytics_day": Query(
        DAY, lambda made: [(name, f"{made.at:%Y-%m-%d}") for name in ("from", "to")], lambda *_: True
    ),
}


async def measure(home: Home, sizes: Sequence[int], tell: Callable[[str], None]) -> JSON:
    """Returns the times of each query, in milliseconds, for each number of orders; raises FleetError for a wrong answer."""
    url = addresses.kept(home).databases["orders"]
    business, found, there = await _business(url), {}, 0
    async with Api.of(home, 1) as api:
        for code in history.CHANNELS:
            await api.post("/api/v1/channels", {"code": code, "pricing_policy": "external"}, uuid4().hex)
        for size in sorted(sizes):
            tell(f"Copying orders until there are {size:,}")
            await history.load(url, business, range(there, size))
            there = size
            tell(f"Measuring with {size:,} orders")
            found[str(size)] = await _all(api, size)
    return {"rows": found}


async def _all(api: Api, size: int) -> JSON:
    choice = random.Random(SEED)
    times: JSON = {}
    for name, query in QUERIES.items():
        taken = [await _one(api, name, query, history.made(choice.randrange(size))) for _ in range(WARM_UP + COUNTED)]
        times[name] = percentiles(taken[WARM_UP:])
    times["poll"] = percentiles((await _polls(api, size))[WARM_UP:])
    return times


async def _one(api: Api, name: str, query: Query, made: Made) -> float:
    params = query.params(made)
    began = time.perf_counter()
    answer = await api.get(query.path, params)
    took = time.perf_counter() - began
    if not query.right(made, answer):
        raise FleetError(f"{name} {params} does not find {made.ref}")
    return took


async def _polls(api: Api, size: int) -> list[float]:
    """Follows the feed from its beginning, ten orders at a time."""
    taken: list[float] = []
    seen, place = set[object](), "0"
    while len(seen) < size and len(taken) < WARM_UP + COUNTED:
        began = time.perf_counter()
        answer = await api.get(POLL, [("since", place)])
        taken.append(time.perf_counter() - began)
        place, orders = str(answer["last_id"]), answer["orders"]
        seen.update(order["ref"] for order in orders)
    if len(seen) != min(size, 10 * len(taken)):
        raise FleetError(f"{len(taken)} polls gave {len(seen)} orders")
    return taken


async def _business(url: str) -> UUID:
    connection = await asyncpg.connect(url)
    try:
        [row] = await connection.fetch(BUSINESS)
    finally:
        await connection.close()
    found: UUID = row["business_id"]
    return found


def _text(made: Made) -> str:
    return made.at.isoformat()
