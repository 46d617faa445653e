"""Streams through the gateway, on real sockets."""

import asyncio
from typing import Any

import httpx
import orjson
import pytest

from comanda.orders.v1 import feed_pb2, orders_pb2
from gateway import streaming
from kit.errors import Invalid
from kit.testing import eventually

from .standin import House

FEED = "/api/v1/orders/stream"
BEGIN = feed_pb2.WatchOrdersResponse(id="p0")
FIRST = feed_pb2.WatchOrdersResponse(id="p1", type="created", ref="ORD-1", seq=1)
SECOND = feed_pb2.WatchOrdersResponse(id="p2", type="two\nlines", ref="ORD-1", seq=2)


async def test_a_feed_becomes_server_sent_events_with_ids_to_go_on_from(house: House) -> None:
    house.services.on["WatchOrders"] = [BEGIN, FIRST, SECOND]
    answer = await house.client.get(FEED, headers={"last-event-id": "p0"})
    assert answer.headers["content-type"] == "text/event-stream"
    begin, first, second, rest = answer.text.split("\n\n")
    assert (begin, rest) == ("id: p0", "")
    assert first.split("\n")[:2] == ["id: p1", "event: created"]
    data = orjson.loads(first.split("\n")[2].removeprefix("data: "))
    assert (data["ref"], data["seq"], data["order"]) == ("ORD-1", 1, None)
    assert second.split("\n")[1] == "event: two lines"
    [(_, request, _)] = house.services.asked
    assert request.since == "p0"


async def test_what_the_client_saw_last_counts_for_more_than_what_its_url_says(house: House) -> None:
    await house.client.get(FEED, params={"since": "p1"}, headers={"last-event-id": "p2"})
    await house.client.get(FEED, params={"since": "p1"})
    assert [request.since for _, request, _ in house.services.asked] == ["p2", "p1"]


async def test_events_arrive_while_the_stream_is_open(house: House) -> None:
    more = asyncio.Event()
    house.services.on["WatchOrders"] = [BEGIN, more, FIRST, asyncio.Event()]
    async with asyncio.timeout(100), house.client.stream("GET", FEED) as answer:
        lines = answer.aiter_lines()
        assert await anext(lines) == "id: p0"
        more.set()
        assert [await anext(lines) for _ in range(2)] == ["", "id: p1"]


async def test_a_quiet_feed_shows_that_it_is_alive(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_SECONDS", 0.05)
    house.services.on["WatchOrders"] = [BEGIN, asyncio.Event()]
    async with asyncio.timeout(100), house.client.stream("GET", FEED) as answer:
        lines = answer.aiter_lines()
        assert [await anext(lines) for _ in range(5)] == ["id: p0", "", ":", "", ":"]


async def test_a_refusal_before_the_first_event_is_a_problem_like_any_other(house: House) -> None:
    house.services.on["WatchOrders"] = Invalid("invalid_since", message="No.")
    answer = await house.client.get(FEED, params={"since": "abc"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_since")
    assert answer.headers["content-type"] == "application/problem+json"
    answer = await house.client.get(FEED, headers={"authorization": ""})
    assert answer.status_code == 401


async def test_a_service_that_fails_in_the_middle_leaves_the_body_without_its_end(house: House) -> None:
    order = feed_pb2.ExportOrdersResponse(order=orders_pb2.Order(ref="ORD-1"))
    house.services.on["ExportOrders"] = [order, RuntimeError("broken")]
    with pytest.raises(httpx.RemoteProtocolError):
        await house.client.get("/api/v1/orders/export")


async def test_a_stream_without_places_is_one_object_a_line(house: House) -> None:
    orders = [feed_pb2.ExportOrdersResponse(order=orders_pb2.Order(ref=ref)) for ref in ("ORD-1", "ORD-2")]
    house.services.on["ExportOrders"] = orders
    answer = await house.client.get("/api/v1/orders/export", params={"status": "new"})
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [orjson.loads(line)["ref"] for line in answer.text.splitlines()] == ["ORD-1", "ORD-2"]
    house.services.on["ExportOrders"] = []
    assert (await house.client.get("/api/v1/orders/export")).text == ""


async def test_a_head_request_gets_no_body(house: House) -> None:
    house.services.on["WatchOrders"] = [BEGIN, asyncio.Event()]
    answer = await house.client.head(FEED)
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "", "text/event-stream")


async def test_a_client_that_hangs_up_ends_the_stream_behind(house: House) -> None:
    house.services.on["WatchOrders"] = [BEGIN, asyncio.Event()]
    async with house.client.stream("GET", FEED) as answer:
        await anext(answer.aiter_lines())
        assert len(house.app._streams) == 1
    await eventually(lambda: _over(house))


async def test_streams_end_when_the_gateway_leaves(house: House) -> None:
    house.services.on["WatchOrders"] = [BEGIN, asyncio.Event()]
    async with asyncio.timeout(100), house.client.stream("GET", FEED) as answer:
        lines = answer.aiter_lines()
        await anext(lines)
        house.app.leave()
        with pytest.raises((httpx.RemoteProtocolError, StopAsyncIteration)):
            [await anext(lines) for _ in range(3)]
    await eventually(lambda: _over(house))


async def _over(house: Any) -> bool:
    return not house.app._streams
