"""A service as a process: what it answers, what it tells of itself, and how it ends."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import pytest
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status
from nats.aio.client import Client

from comanda.sales.v1 import identity_pb2, identity_pb2_grpc
from embedded.nats import Nats
from embedded.postgres import Postgres
from kit import machinery, status
from kit.errors import Invalid
from kit.testing import administer, eventually

from . import serving
from .conftest import CALLER
from .serving import Shelf

Start = Callable[..., AbstractAsyncContextManager[Shelf]]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def start(url: str, nats_url: str, stream_prefix: str, tmp_path: Path) -> Start:
    """Starts shelves on the test's database and stream prefix; all write one log."""
    return partial(serving.running, url, nats_url, stream_prefix, CALLER, tmp_path / "log")


@pytest.fixture
async def open_door(nats: Client, stream_prefix: str) -> Callable[[], Any]:
    """Lets those in who wait at the door."""
    return partial(nats.publish, f"{stream_prefix}.signals.shelf", b"door")


async def refused(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


async def let_in(call: "asyncio.Future[Any]", open_door: Callable[[], Any]) -> Any:
    """Opens the door until the call has come through, and returns its answer."""

    async def through() -> bool:
        await open_door()
        return call.done()

    await eventually(through)
    return await call


async def at_the_door(bench: Any) -> bool:
    """Tells whether somebody is inside a transaction."""
    state = "select 1 from pg_stat_activity where datname = current_database() and state = 'idle in transaction'"
    return bool(await bench.rows(state))


async def seen(bench: Any) -> list[str]:
    return [row["ref"] for row in await bench.rows("select ref from seen order by position")]


async def test_reflection_names_exactly_the_services_that_are_served(start: Start) -> None:
    async with start() as shelf:
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(shelf.channel)
        [answer] = [
            each
            async for each in stub.ServerReflectionInfo(
                iter([reflection_pb2.ServerReflectionRequest(list_services="")])
            )
        ]
        assert sorted(service.name for service in answer.list_services_response.service) == [
            "comanda.inventory.v1.LocationService",
            "comanda.sales.v1.IdentityService",
            "grpc.health.v1.Health",
            "grpc.reflection.v1alpha.ServerReflection",
        ]


async def test_a_process_that_drains_finishes_the_call_under_way_and_refuses_new_ones(
    start: Start, bench: Any, open_door: Callable[[], Any]
) -> None:
    async with start() as shelf:
        under_way = asyncio.ensure_future(shelf.create("first", "waits"))
        await eventually(lambda: at_the_door(bench))
        shelf.process.send_signal(signal.SIGTERM)

        async def refuses() -> bool:
            try:
                await shelf.create("late")
            except grpc.aio.AioRpcError as error:
                return error.code() == grpc.StatusCode.UNAVAILABLE
            return False

        await eventually(refuses)
        assert not under_way.done()
        assert (await let_in(under_way, open_door)).location.code == "first"
        assert await shelf.process.wait() == 0
    assert "first" in await seen(bench)
    assert shelf.logged()[-1]["event"] == "drained"


async def test_a_key_whose_holder_is_killed_is_free_for_its_twin_that_waits(
    start: Start, bench: Any, open_door: Callable[[], Any]
) -> None:
    async with start() as first, start() as second:
        holding = asyncio.ensure_future(first.create("once", "waits", "key"))
        await eventually(lambda: at_the_door(bench))
        twin = asyncio.ensure_future(second.create("once", "waits", "key"))
        await eventually(lambda: waits_for_a_lock(bench))
        first.process.kill()
        assert (await refused(holding)).code() == grpc.StatusCode.UNAVAILABLE
        assert (await let_in(twin, open_door)).location.code == "once"
        assert await seen(bench) == ["once"]
        repeat = second.create("once", "waits", "key")
        assert (await repeat).location.code == "once"
    assert await seen(bench) == ["once"]


async def waits_for_a_lock(bench: Any) -> bool:
    waiting = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    return bool(await bench.rows(waiting))


async def test_what_breaks_the_rules_is_refused_with_every_field_and_changes_nothing(start: Start, bench: Any) -> None:
    async with start() as shelf:
        error = await refused(shelf.create("not a code", "n" * 129))
        assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
        rebuilt = status.from_rpc_error(error)
        assert isinstance(rebuilt, Invalid)
        assert [(each.field, each.rule) for each in rebuilt.violations] == [
            ("code", "string.pattern"),
            ("name", "string.max_len"),
        ]
    assert await seen(bench) == []


async def test_what_was_not_planned_is_logged_in_full_and_told_in_no_detail(start: Start, bench: Any) -> None:
    async with start() as shelf:
        parent = f"00-{TRACE}-00f067aa0ba902b7-01"
        call = shelf.create("shelf-1", "breaks", **{"traceparent": parent, "x-request-id": "request-7"})
        error = await refused(call)
        assert error.code() == grpc.StatusCode.INTERNAL
        assert error.details() == "internal error, request request-7"
        assert rpc_status.from_call(error) is None  # type: ignore[arg-type]  # the stubs know only the synchronous call
        [entry] = [each for each in shelf.logged() if each["event"] == "call failed"]
        assert (entry["trace_id"], entry["request_id"], entry["service"]) == (TRACE, "request-7", "shelf")
        assert 'code: "shelf-1"' in entry["request"]
        assert "RuntimeError: the shelf came down" in entry["exception"]
    assert await seen(bench) == []


async def test_a_log_shows_neither_sensitive_fields_nor_keys_nor_tokens(start: Start) -> None:
    secret = "ck_dev0_0123456789abcdefSECRET"
    async with start() as shelf:
        stub: Any = identity_pb2_grpc.IdentityServiceStub(shelf.channel)
        error = await refused(stub.Authenticate(identity_pb2.AuthenticateRequest(credential=secret)))
        assert error.code() == grpc.StatusCode.INTERNAL
        await refused(shelf.create("shelf-1", "breaks"))
        [entry, _] = [each for each in shelf.logged() if each["event"] == "call failed"]
        assert entry["request"] == ""
        assert "cannot look up ck_dev0***" in entry["exception"]
        text = shelf.log.read_text()
        assert [each for each in ("SECRET", shelf.token, serving.PRIVATE_KEY) if each in text] == []


@asynccontextmanager
async def own_servers(tmp_path: Path) -> AsyncIterator[tuple[Postgres, Nats]]:
    with Postgres(tmp_path / "pg") as postgres, Nats(tmp_path / "nats") as nats:
        administer(postgres.url, machinery.CREATE_1)
        administer(postgres.url, "create table seen (position bigint generated always as identity, ref text)")
        yield postgres, nats


async def test_health_follows_the_database_and_nats_away_and_back(tmp_path: Path) -> None:
    async with (
        own_servers(tmp_path) as (postgres, nats),
        serving.running(postgres.url, nats.url, "health", CALLER, tmp_path / "log") as shelf,
    ):
        for server in (postgres, nats):
            await asyncio.to_thread(server.kill)
            await eventually(shelf.is_unhealthy)
            await asyncio.to_thread(server.start)
            await eventually(shelf.is_healthy)
        await shelf.create("after", "tells")
        await eventually(lambda: heard(postgres.url))
        shelf.process.terminate()
        assert await shelf.process.wait() == 0


async def heard(url: str) -> bool:
    connection = await asyncpg.connect(url)
    try:
        return bool(await connection.fetchval("select true from seen where ref = 'heard after'"))
    finally:
        await connection.close()


async def test_metrics_tell_of_calls_batches_repeats_and_what_waits(start: Start, bench: Any) -> None:
    calls = 'comanda_rpc_seconds_count{code="%s",method="CreateLocation"}'
    batches = 'comanda_batch_messages_sum{handler="OrderCreated",service="shelf"}'
    repeats = 'comanda_inbox_duplicates_total{handler="OrderCreated",service="shelf"}'
    lag = 'comanda_outbox_lag_seconds{service="shelf"}'
    stuck = """insert into outbox (business_id, id, subject, aggregate, message, created_at)
        values ($1, $1, 'nobody.listens', 'stuck/1', '', now() - interval '1 hour')"""
    async with start() as shelf:
        await shelf.create("one", "tells", "key")
        await shelf.create("one", "tells", "key")
        await refused(shelf.create("not a code"))
        [message] = await publish_again(bench, shelf)
        assert message

        async def told() -> dict[str, float] | None:
            found = await shelf.metrics()
            return found if found.get(repeats) == 1 else None

        found: Any = await eventually(told)
        assert (found[calls % "OK"], found[calls % "INVALID_ARGUMENT"]) == (2, 1)
        assert found['comanda_idempotency_replays_total{method="CreateLocation"}'] == 1
        assert found[batches] >= 2
        assert found[lag] < 60
        await eventually(lambda: is_read(shelf, 'comanda_consumer_pending{handler="OrderCreated",service="shelf"}'))
        await bench.database.pool.execute(stuck, CALLER.business_id)
        await eventually(lambda: lags(shelf, lag, 3600))
        await bench.database.pool.execute("delete from outbox where subject = 'nobody.listens'")
        await eventually(lambda: lags(shelf, lag, 0))


async def is_read(shelf: Shelf, name: str) -> bool:
    """Tells whether it is known that nothing waits for a consumer."""
    return (await shelf.metrics()).get(name) == 0


async def lags(shelf: Shelf, name: str, seconds: float) -> bool:
    found = (await shelf.metrics())[name]
    return found >= seconds if seconds else found == 0


async def publish_again(bench: Any, shelf: Shelf) -> Any:
    """Publishes what the shelf told a second time, past JetStream's own memory of it."""
    jetstream = bench.client.jetstream()

    async def stored() -> Any:
        info = await jetstream.stream_info(f"{bench.prefix}-events")
        return info.state.messages

    await eventually(stored)
    told = await jetstream.get_msg(f"{bench.prefix}-events", 1)
    return [await jetstream.publish(told.subject, told.data)]
