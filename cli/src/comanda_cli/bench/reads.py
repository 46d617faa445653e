"""How long lists, searches, polls, and analytics take through the public API when there are few orders, and when there are many."""

import random
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
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


def _full(_: Made, answer: JSON) -> bool:
    return len(_refs(answer)) == 25


def _refs(answer: JSON) -> list[object]:
    items = answer["items"]
    assert isinstance(items, list)
    return [item["ref"] for item in items]


QUERIES = {
    "list": Query(LIST, lambda _: (), _full),
    "list_from_a_time": Query(LIST, lambda made: [("order_by", "created_at"), ("created_from", _text(made))], _listed),
    "list_status": Query(LIST, lambda _: [("status", "new")], _some),
    "list_channel": Query(LIST, lambda _: [("channel_code", "app")], _full),
    "list_handle": Query(
        LIST,
        lambda made: [("handle_ref", made.handle or "C-none")],
        lambda made, answer: not made.handle or _listed(made, answer),
    ),
    "list_external_ref": Query(LIST, lambda made: [("external_ref", made.external_ref)], _listed),
    "list_by_total": Query(LIST, lambda _: [("order_by", "-total_q")], _full),
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


async def measure(homes: Mapping[int, Home], tell: Callable[[str], None]) -> JSON:
    """Returns the times of each query, in milliseconds, for each number of orders; raises FleetError for a wrong answer.

    Each number has a home of its own, which is new. All are asked in turns, so that whatever else the machine does slows all of
    them alike: `growth` is how many times as long the median takes with the most orders as with the fewest.
    """
    async with AsyncExitStack() as stack:
        apis = {size: await stack.enter_async_context(Api.of(homes[size], 1)) for size in sorted(homes)}
        for size, api in apis.items():
            tell(f"Copying {size:,} orders")
            await _fill(homes[size], api, size)
        times: dict[str, list[dict[str, float]]] = {}
        for name, query in QUERIES.items():
            tell(f"Measuring {name}")
            times[name] = await in_turns([_asked(api, size, name, query) for size, api in apis.items()])
        times["poll"] = await in_turns([_polls(api, size) for size, api in apis.items()])
    rows = {str(size): {name: found[index] for name, found in times.items()} for index, size in enumerate(apis)}
    return {"rows": rows, "growth": {name: round(of[-1]["p50"] / of[0]["p50"], 2) for name, of in times.items()}}


async def _fill(home: Home, api: Api, size: int) -> None:
    for code in history.CHANNELS:
        await api.post("/api/v1/channels", {"code": code, "pricing_policy": "external"}, uuid4().hex)
    url = addresses.kept(home).databases["orders"]
    await history.load(url, await _business(url), size)


async def in_turns(works: Sequence[AsyncGenerator[float]]) -> list[dict[str, float]]:
    """Takes from each what its next question takes in seconds, one after the other; returns the times of each."""
    taken = [[await anext(work) for work in works] for _ in range(WARM_UP + COUNTED)]
    for work in works:
        await work.aclose()
    return [percentiles(each[WARM_UP:]) for each in zip(*taken, strict=True)]


async def _asked(api: Api, size: int, name: str, query: Query) -> AsyncGenerator[float]:
    choice = random.Random(f"{SEED} {name}")
    while True:
        made = history.made(choice.randrange(size))
        params = query.params(made)
        began = time.perf_counter()
        answer = await api.get(query.path, params)
        took = time.perf_counter() - began
        if not query.right(made, answer):
            raise FleetError(f"{name} {params} does not find {made.ref}")
        yield took


async def _polls(api: Api, size: int) -> AsyncGenerator[float]:
    """Follows the feed from its beginning, ten orders at a time, and again when it has ended."""
    seen, place = set[object](), "0"
    while True:
        began = time.perf_counter()
        answer = await api.get(POLL, [("since", place)])
        took = time.perf_counter() - began
        place, orders = str(answer["last_id"]), answer["orders"]
        new = {order["ref"] for order in orders} - seen
        if len(new) != min(10, size - len(seen)):
            raise FleetError(f"a poll after {len(seen)} orders gave {len(new)} new ones")
        seen |= new
        if len(seen) == size:
            seen, place = set(), "0"
        yield took


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
