"""One trace from a client's call over gRPC, a commit and NATS to a handler, as a real collector sees it."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kit import collector, tasks, tracing
from kit.testing import eventually

from . import serving
from .conftest import CALLER
from .serving import Shelf

Start = Callable[..., AbstractAsyncContextManager[Shelf]]
TRACE, ABOVE = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CALL = "comanda.inventory.v1.LocationService/CreateLocation"


@pytest.fixture
def start(url: str, nats_url: str, stream_prefix: str, tmp_path: Path) -> Start:
    """Starts a shelf that records."""
    return partial(serving.running, url, nats_url, stream_prefix, CALLER, tmp_path / "log")


async def heard(bench: Any, count: int) -> bool:
    return len(await bench.rows("select 1 from seen where ref like 'heard %'")) >= count


async def test_a_trace_goes_on_over_grpc_and_nats_and_its_spans_are_sent_before_the_end(
    start: Start, bench: Any
) -> None:
    async with collector.collecting() as collected, start(**collected.environment) as shelf:
        await shelf.create("one", "tells", traceparent=f"00-{TRACE}-{ABOVE}-01")
        await eventually(lambda: heard(bench, 1))
        shelf.process.terminate()
        assert await shelf.process.wait() == 0
        call, handler = collected.named(CALL), collected.named("OrderCreated")
    assert {call.trace_id.hex(), handler.trace_id.hex()} == {TRACE}
    assert call.parent_span_id.hex() == ABOVE
    assert handler.parent_span_id == call.span_id
    assert (call.kind, handler.kind) == (call.SPAN_KIND_SERVER, call.SPAN_KIND_CONSUMER)


async def test_a_call_without_a_trace_begins_one(start: Start, bench: Any) -> None:
    async with collector.collecting() as collected, start(**collected.environment) as shelf:
        await shelf.create("one", "tells")
        await eventually(lambda: heard(bench, 1))
        shelf.process.terminate()
        await shelf.process.wait()
        call, handler = collected.named(CALL), collected.named("OrderCreated")
    assert not call.parent_span_id
    assert handler.trace_id == call.trace_id


async def test_a_batch_of_several_traces_links_to_each(start: Start, bench: Any) -> None:
    parents = [f"00-{index:032x}-{index:016x}-01" for index in range(1, 21)]
    for parent in parents:
        with tracing.span("commit", parent):
            await bench.tell(parent, parent)
    relaying = asyncio.ensure_future(bench.relay().run())
    await eventually(lambda: nothing_waits(bench))
    await tasks.cancel([relaying])
    async with collector.collecting() as collected, start(**collected.environment) as shelf:
        await eventually(lambda: heard(bench, len(parents)))
        shelf.process.terminate()
        await shelf.process.wait()
        spans = [span for span in collected.spans if span.name == "OrderCreated"]
    assert len(spans) < len(parents)
    told = {span.trace_id for span in spans if not span.links} | {
        link.trace_id for span in spans for link in span.links
    }
    assert told == {bytes.fromhex(parent.split("-")[1]) for parent in parents}


async def nothing_waits(bench: Any) -> bool:
    return not await bench.rows("select 1 from outbox")


@pytest.mark.parametrize("broken", ["", "00-xyz", f"00-{'0' * 32}-{'0' * 16}-01", "traceparent"])
def test_what_is_no_traceparent_begins_a_trace_that_those_below_may_record(broken: str) -> None:
    with tracing.span("anything", broken):
        version, trace, span, flags = tracing.traceparent().split("-")
    assert (version, flags) == ("00", "01")
    assert int(trace, 16)
    assert int(span, 16)


def test_a_trace_that_nobody_wants_sampled_stays_so() -> None:
    with tracing.span("anything", f"00-{TRACE}-{ABOVE}-00"):
        assert tracing.traceparent() == f"00-{TRACE}-{ABOVE}-00"
