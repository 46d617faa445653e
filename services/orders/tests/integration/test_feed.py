"""What happens to orders can be followed: nothing is left out, nothing comes twice, whoever commits late and whoever breaks off."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from order_calls import FREE, committed, line, make_channel, opened, refused, transitioned

from comanda.orders.v1 import feed_pb2 as pb
from comanda.types.v1 import options_pb2
from kit import status
from kit.errors import Forbidden, Invalid
from kit.testing import eventually
from orders.queries import orders as order_lists
from orders.service import feed

LATE = """
    insert into order_events (business_id, order_ref, seq, type, actor, actor_label, payload, request_id, address, agent,
        created_at)
    values ($1, $2, $3, 'late', 'test', '', '{}', '', '', '', now())
"""


async def ordered(hub: Any) -> str:
    session = await opened(hub, line("A"))
    ref: str = (await committed(hub, session.session_key)).order_ref
    return ref


async def poll(hub: Any, since: str = "", token: str = "") -> tuple[list[str], str]:
    answer = await hub.call(hub.feed.PollOrders, pb.PollOrdersRequest(since=since), token)
    return [order.ref for order in answer.orders], answer.last_id


async def polled(hub: Any, since: str, count: int) -> tuple[list[str], str]:
    """So many orders: they are shown once whatever else was under way on the server, be it a neighbour's, has ended."""

    async def shown() -> Any:
        found = await poll(hub, since)
        return found if len(found[0]) == count else None

    orders: tuple[list[str], str] = await eventually(shown)
    return orders


@asynccontextmanager
async def watching(hub: Any, since: str = "", token: str = "") -> AsyncIterator[Any]:
    """A stream whose first response, which says where it begins, was read."""
    call = hub.feed.WatchOrders(
        pb.WatchOrdersRequest(since=since), metadata=[("authorization", f"Bearer {token or hub.token}")]
    )
    async with asyncio.timeout(100):
        begin = await call.read()
        assert begin.id
        assert not begin.type
        yield call
    call.cancel()


async def seen(call: Any, count: int) -> list[tuple[str, int, str]]:
    return [(each.ref, each.seq, each.type) for each in [await call.read() for _ in range(count)]]


async def test_a_poll_begins_with_now_and_goes_on_with_what_is_newer(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    assert await poll(hub) == ([], "0")
    first = await ordered(hub)
    refs, place = await polled(hub, "0", 1)
    assert (refs, await poll(hub)) == ([first], ([], place))
    assert await poll(hub, place) == ([], place)
    more = [await ordered(hub) for _ in range(12)]
    ten, place = await polled(hub, place, 10)
    two, place = await polled(hub, place, 2)
    assert (ten, two, await poll(hub, place)) == (more[:10], more[10:], ([], place))
    await transitioned(hub, first, "confirmed")

    async def passed() -> bool:
        refs, after = await poll(hub, place)
        assert refs == []
        return after != place

    await eventually(passed)


async def test_a_place_that_no_answer_gave_is_refused(hub: Any) -> None:
    known = [("authorization", f"Bearer {hub.token}")]
    for since in ("abc", "1", "W10", "WyIxIiwieCIsMV0", "x" * 401):
        error = await refused(poll(hub, since))
        assert (type(error), error.code in {"invalid_since", "invalid_argument"}) == (Invalid, True)
        call = hub.feed.WatchOrders(pb.WatchOrdersRequest(since=since), metadata=known)
        with pytest.raises(Exception) as failure:  # noqa: PT011  # what it is, is asked below
            await call.read()
        assert status.from_rpc_error(failure.value).code == error.code


async def test_a_watcher_is_told_at_once_and_with_the_order(hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "LATEST", 60.0)  # so that half of it leaves a busy machine time
    await make_channel(hub, config=FREE)
    async with watching(hub) as call:
        began = time.monotonic()
        ref = await ordered(hub)
        await transitioned(hub, ref, "confirmed", actor="till 1")
        created, moved = await call.read(), await call.read()
        assert time.monotonic() - began < feed.LATEST / 2
    assert (created.type, created.ref, created.seq, created.order.ref) == ("created", ref, 1, ref)
    assert (moved.type, moved.seq, moved.actor_label, moved.payload["new_status"]) == (
        "status_changed", 2, "till 1", "confirmed",
    )  # fmt: skip
    assert [item.sku for item in moved.order.items] == ["A"]
    async with watching(hub, created.id) as call:
        assert await seen(call, 1) == [(ref, 2, "status_changed")]


async def test_a_transaction_that_commits_late_is_not_passed_over(hub: Any) -> None:
    """Its event has a lower number than those that were committed before it, whatever the numbers are made of."""
    await make_channel(hub, config=FREE)
    early = await ordered(hub)
    _, place = await polled(hub, "0", 1)
    writer = await asyncpg.connect(hub.url)
    transaction = writer.transaction()
    await transaction.start()
    await writer.execute(LATE, hub.business, early, 2)
    async with watching(hub, place) as call:
        later = await ordered(hub)
        assert await poll(hub, place) == ([], place)
        await transaction.commit()
        assert await seen(call, 2) == [(early, 2, "late"), (later, 1, "created")]
    assert (await polled(hub, place, 1))[0] == [later]
    await writer.close()


WRITERS, EACH = 6, 8
BOTH = ((1, "created"), (2, "status_changed"))


async def write(hub: Any) -> list[str]:
    refs = []
    for _ in range(EACH):
        refs.append(await ordered(hub))
        await transitioned(hub, refs[-1], "confirmed")
    return refs


async def read_by_poll(hub: Any) -> list[str]:
    found, place = [], "0"
    while len(found) < WRITERS * EACH:
        fresh, place = await poll(hub, place)
        found += fresh
    assert (await poll(hub, place))[0] == []
    return found


async def read_by_stream(hub: Any) -> list[tuple[str, int, str]]:
    """Breaks off and goes on, again and again."""
    found: list[tuple[str, int, str]] = []
    place, choice = "0", random.Random(7)
    while (left := WRITERS * EACH * len(BOTH) - len(found)) > 0:
        async with watching(hub, place) as call:
            for _ in range(min(left, choice.randint(1, 20))):
                each = await call.read()
                place = each.id
                found.append((each.ref, each.seq, each.type))
    return found


async def test_many_write_while_readers_break_off_and_each_reader_sees_all_once(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    writers = asyncio.gather(*(write(hub) for _ in range(WRITERS)))
    polled, streamed = await asyncio.gather(read_by_poll(hub), read_by_stream(hub))
    refs = sorted(ref for written in await writers for ref in written)
    assert sorted(polled) == refs
    assert sorted(streamed) == [(ref, seq, kind) for ref in refs for seq, kind in BOTH]
    place_of = {(ref, seq): index for index, (ref, seq, _) in enumerate(streamed)}
    assert all(place_of[ref, 1] < place_of[ref, 2] for ref in refs)


async def test_streams_end_when_the_process_leaves_and_go_on_elsewhere(
    hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LATEST", 60.0)
    await make_channel(hub, config=FREE)
    async with watching(hub) as call:
        ref = await ordered(hub)
        first = await call.read()
        began = time.monotonic()
        for leave in hub.process.leaving:
            leave()
        assert not await call.read()
        assert time.monotonic() - began < feed.LATEST / 2
    await transitioned(hub, ref, "confirmed")
    assert (await poll(hub, first.id))[0] == []


async def test_a_stream_ends_by_itself_so_that_rights_are_looked_at_again(
    hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "WATCHED_SECONDS", 0.1)
    monkeypatch.setattr(feed, "LATEST", 0.1)
    async with watching(hub) as call:
        assert not await call.read()


async def test_another_business_sees_nothing_and_a_customer_may_not_look(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    stranger = hub.token_for(uuid4())
    await ordered(hub)
    assert await poll(hub, "0", stranger) == ([], "0")
    assert await exported(hub, stranger) == []
    customer = hub.token_for(hub.business, options_pb2.ROLE_CUSTOMER, "C-1")
    assert type(await refused(poll(hub, "", customer))) is Forbidden


async def exported(hub: Any, token: str = "", **asked: Any) -> list[str]:
    metadata = [("authorization", f"Bearer {token or hub.token}")]
    return [each.order.ref async for each in hub.feed.ExportOrders(pb.ExportOrdersRequest(**asked), metadata=metadata)]


async def test_an_export_has_every_order_that_matches_once(hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_lists, "EXPORTED", 2)
    await make_channel(hub, config=FREE)
    refs = [await ordered(hub) for _ in range(5)]
    await transitioned(hub, refs[1], "confirmed")
    assert await exported(hub) == refs
    assert await exported(hub, status=["confirmed"]) == await exported(hub, search=refs[1]) == [refs[1]]
