"""Figures over orders equal a recount of what happened to them."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from order_calls import FREE, committed, document, line, make_channel, opened, refused, transitioned

from comanda.orders.v1 import analytics_pb2 as pb
from comanda.orders.v1 import analytics_pb2_grpc
from kit import ids
from kit.errors import Invalid

ZONE = ZoneInfo("America/Sao_Paulo")
FIRST = datetime(2026, 5, 1, 3, tzinfo=UTC)
DAYS = 5
COLUMNS = (
    "business_id", "ref", "id", "channel_code", "config_version", "session_key", "handle_type", "handle_ref", "external_ref",
    "status", "currency", "subtotal_q", "discount_q", "shipping_q", "tax_q", "total_q", "items_count", "data", "snapshot",
    "last_seq", "created_at", "updated_at",
)  # fmt: skip
EVENT = (
    "business_id", "order_ref", "seq", "type", "actor", "actor_label", "payload", "request_id", "address", "agent", "created_at",
)  # fmt: skip
WALK = ("confirmed", "processing", "ready", "dispatched", "delivered", "completed")


async def figures(hub: Any, since: str = "", to: str = "", **asked: Any) -> Any:
    request = pb.GetOrderAnalyticsRequest(**{"from": since}, to=to, **asked)
    return await hub.call(analytics_pb2_grpc.AnalyticsServiceStub(hub.upstream).GetOrderAnalytics, request)


def history(choice: random.Random) -> list[tuple[str, datetime]]:
    """Where an order went, and when: down the walk for a while, or cancelled early."""
    at = FIRST + timedelta(seconds=choice.randrange(DAYS * 86_400))
    walked = [("new", at)]
    for status in WALK[: choice.randint(0, len(WALK))]:
        at += timedelta(seconds=choice.randint(1, 20_000))
        walked.append((status, at))
    if len(walked) < 3 and choice.random() < 0.5:
        walked.append(("cancelled", at + timedelta(seconds=60)))
    return walked


async def planted(hub: Any, count: int) -> None:
    """Orders with all that happened to them."""
    choice = random.Random(20_261_121)
    orders, events = [], []
    for number in range(count):
        walked = history(choice)
        ref, created = f"ORD-{number}", walked[0][1]
        stamps = {f"{status}_at": at for status, at in walked if status != "new"}
        total, data = choice.randint(1, 99_999), customer(choice)
        orders.append((ref, created, walked, total, data, stamps, choice.choice(["web", "app"])))
        events.append((hub.business, ref, 1, "created", "test", "", "{}", "", "", "", created))
        for seq, ((before, _), (status, at)) in enumerate(pairwise(walked), 2):
            payload = f'{{"old_status": "{before}", "new_status": "{status}"}}'
            events.append((hub.business, ref, seq, "status_changed", "test", "", payload, "", "", "", at))
    connection = await asyncpg.connect(hub.url)
    for ref, created, walked, total, data, stamps, channel in orders:
        values = (
            hub.business, ref, ids.uuid7(created), channel, 1, ref, "", "", "", walked[-1][0], "BRL", total, 0, 0, 0, total, 1,
            data, "{}", len(walked), created, created, *stamps.values(),
        )  # fmt: skip
        names = ", ".join((*COLUMNS, *stamps))
        marks = ", ".join(f"${index + 1}" for index in range(len(values)))
        await connection.execute(f"insert into orders ({names}) values ({marks})", *values)  # names of our own
    await connection.copy_records_to_table("order_events", columns=EVENT, records=events)
    await connection.close()


def customer(choice: random.Random) -> str:
    name = choice.choice(["ana", "bia", "caio", ""])
    due = (FIRST + timedelta(days=choice.randint(0, 5))).date()
    known = f'"customer": {{"name": "{name}", "email": "{name.upper()}@x.com"}}, ' if name else ""
    return f'{{{known}"delivery_date": "{due}"}}'


async def recount(hub: Any, first: datetime, last: datetime) -> dict[str, Any]:
    """The same figures, from nothing but the history (and each order's sealed total and data)."""
    rows = await hub.rows(
        """select e.order_ref, e.type, e.payload ->> 'new_status' as status, e.created_at, o.total_q, o.channel_code,
               o.data ->> 'delivery_date' as due, lower(o.data #>> '{customer,email}') as email
           from order_events e join orders o on o.ref = e.order_ref order by e.order_ref, e.seq"""
    )
    orders = [walk(list(group)) for group in grouped(rows)]
    made = [each for each in orders if first <= each["at"]["new"] < last]
    counting = [each for each in made if each["status"] != "cancelled"]
    revenue = sum(each["total_q"] for each in counting)
    delivered = [
        (each["due"], end) for each in made if (end := each["at"].get("delivered") or each["at"].get("completed"))
    ]
    days = Counter(str(each["at"]["new"].astimezone(ZONE).date()) for each in made)
    spent: Counter[str] = Counter()
    for each in counting:
        spent[each["email"] or ""] += each["total_q"]
    return {
        "total_orders": len(made),
        "orders_by_status": dict(Counter(each["status"] for each in made)),
        "orders_by_channel": dict(Counter(each["channel_code"] for each in made)),
        "revenue_q": revenue,
        "average_order_value_q": half_up(revenue, len(counting)),
        "avg_preparation_seconds": average(made, "processing", "ready"),
        "avg_delivery_seconds": average(made, "dispatched", "delivered"),
        "on_time": sum(str(end.astimezone(ZONE).date()) <= due for due, end in delivered) / len(delivered),
        "days": dict(days),
        "completed": sum(first <= at < last for each in orders if (at := each["at"].get("completed"))),
        "customers": sorted(((email, total) for email, total in spent.items() if email), key=lambda pair: -pair[1]),
    }


def grouped(rows: Sequence[Any]) -> Iterable[Sequence[Any]]:
    for ref in dict.fromkeys(row["order_ref"] for row in rows):
        yield [row for row in rows if row["order_ref"] == ref]


def walk(rows: Sequence[Any]) -> dict[str, Any]:
    at: dict[str, datetime] = {}
    for row in rows:
        at.setdefault(row["status"] or "new", row["created_at"])
    return {**dict(rows[0]), "status": rows[-1]["status"] or "new", "at": at}


def average(orders: Sequence[dict[str, Any]], start: str, end: str) -> int:
    took = [each["at"][end] - each["at"][start] for each in orders if end in each["at"] and start in each["at"]]
    return half_up(int(sum(each.total_seconds() for each in took)), len(took))


def half_up(amount: int, parts: int) -> int:
    return (2 * amount + parts) // (2 * parts)


async def test_all_figures_equal_a_recount_from_the_events(hub: Any) -> None:
    await planted(hub, 300)
    for since, to in (("2026-05-01", "2026-05-05"), ("2026-05-02", "2026-05-03"), ("2026-05-04", "2026-05-04")):
        found = await figures(hub, since, to)
        first = datetime.fromisoformat(since).replace(tzinfo=ZONE)
        counted = await recount(hub, first, datetime.fromisoformat(to).replace(tzinfo=ZONE) + timedelta(days=1))
        assert {name: getattr(found, name) for name in (
            "total_orders", "revenue_q", "average_order_value_q", "avg_preparation_seconds", "avg_delivery_seconds",
        )} == {name: counted[name] for name in (
            "total_orders", "revenue_q", "average_order_value_q", "avg_preparation_seconds", "avg_delivery_seconds",
        )}  # fmt: skip
        assert dict(found.orders_by_status) == counted["orders_by_status"]
        assert dict(found.orders_by_channel) == counted["orders_by_channel"]
        assert float(found.on_time_rate) == pytest.approx(counted["on_time"], abs=0.00005)
        assert {day.date: day.orders for day in found.by_day if day.orders} == counted["days"]
        assert (
            sum(day.revenue_q for day in found.by_day)
            == sum(each.revenue_q for each in found.by_channel)
            == found.revenue_q
        )
        assert found.completed_orders == sum(day.completed_orders for day in found.by_day) == counted["completed"]
        assert [(each.customer, each.revenue_q) for each in found.top_customers] == counted["customers"]


async def test_the_figures_of_one_channel_are_those_that_the_whole_shows_for_it(hub: Any) -> None:
    await planted(hub, 60)
    whole = await figures(hub, "2026-05-01", "2026-05-05")
    [web] = [each for each in whole.by_channel if each.channel_code == "web"]
    alone = await figures(hub, "2026-05-01", "2026-05-05", channel_code=["web"])
    assert dict(alone.orders_by_channel) == {"web": web.orders}
    for name in ("revenue_q", "average_order_value_q", "avg_preparation_seconds", "avg_delivery_seconds"):
        assert getattr(alone, name) == getattr(web, name)


async def test_an_order_counts_at_once_and_until_it_is_cancelled(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    refs = []
    for price in (1000, 501):
        buyer = document({"customer": {"id": "C-1", "name": "Ana"}})
        session = await opened(hub, line("A", price=price), data=buyer)
        refs.append((await committed(hub, session.session_key)).order_ref)
    found = await figures(hub)
    assert (found.total_orders, found.revenue_q, found.average_order_value_q) == (2, 1501, 751)
    [buyer] = found.top_customers
    assert (buyer.customer, buyer.name, buyer.orders, buyer.revenue_q) == ("C-1", "Ana", 2, 1501)
    await transitioned(hub, refs[0], "cancelled")
    found = await figures(hub)
    assert (found.total_orders, found.revenue_q, found.average_order_value_q) == (2, 501, 501)
    assert dict(found.orders_by_status) == {"new": 1, "cancelled": 1}
    [day] = found.by_day
    assert (day.orders, day.cancelled_orders, day.revenue_q) == (2, 1, 501)


async def test_nothing_is_nothing_and_another_business_has_its_own(hub: Any) -> None:
    await planted(hub, 5)
    request = pb.GetOrderAnalyticsRequest(**{"from": "2026-05-01"}, to="2026-05-05")
    stub = analytics_pb2_grpc.AnalyticsServiceStub(hub.upstream)
    found = await hub.call(stub.GetOrderAnalytics, request, hub.token_for(uuid4()))
    assert (found.total_orders, found.revenue_q, found.average_order_value_q, len(found.by_day)) == (0, 0, 0, 0)
    assert not found.HasField("avg_preparation_seconds")
    assert not found.HasField("on_time_rate")


async def test_a_period_that_is_none_is_refused(hub: Any) -> None:
    error = await refused(figures(hub, "yesterday"))
    assert (type(error), error.code) == (Invalid, "invalid_period")
