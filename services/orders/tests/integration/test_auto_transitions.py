"""Orders that move by themselves (spec 1A.3, `auto_transitions`)."""

import asyncio
from typing import Any

from order_calls import STOCKED, committed, line, make_channel, opened

from comanda.orders.v1 import orders_pb2
from kit.db import Tx
from kit.testing import eventually
from orders.operations import moves


def moving(**triggers: str) -> dict[str, Any]:
    """A config whose orders take stock and move by these triggers."""
    return {**STOCKED, "order_flow": {"auto_transitions": triggers}}


async def history(hub: Any, ref: str) -> list[tuple[str, str]]:
    request = orders_pb2.ListOrderEventsRequest(ref=ref)
    events = (await hub.call(hub.orders.ListOrderEvents, request)).items
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    return [(event.payload.fields["new_status"].string_value or event.type, event.actor) for event in events]


async def in_status(hub: Any, ref: str, status: str) -> None:
    async def arrived() -> bool:
        order = (await hub.call(hub.orders.GetOrder, orders_pb2.GetOrderRequest(ref=ref))).order
        return bool(order.status == status)

    await eventually(arrived)


async def test_an_order_moves_when_it_is_made_and_again_when_its_stock_has_left(hub: Any) -> None:
    await make_channel(hub, config=moving(on_create="confirmed", on_stock_commit="processing"))
    ref = (await committed(hub, (await opened(hub, line("A"))).session_key)).order_ref
    await in_status(hub, ref, "processing")
    assert await history(hub, ref) == [("created", "key:test"), ("confirmed", "key:test"), ("processing", "system")]
    order = (await hub.call(hub.orders.GetOrder, orders_pb2.GetOrderRequest(ref=ref))).order
    assert order.HasField("confirmed_at")
    assert order.HasField("processing_at")


async def test_a_move_that_the_flow_does_not_allow_by_then_is_left_out(hub: Any) -> None:
    await make_channel(hub, config=moving(on_stock_commit="processing"))
    ref = (await committed(hub, (await opened(hub, line("A"))).session_key)).order_ref

    async def taken() -> bool:
        return bool(await hub.rows("select 1 from directives where topic = 'stock.commit' and status = 'done'"))

    await eventually(taken)
    assert await history(hub, ref) == [("created", "key:test")]


async def test_a_trigger_that_fires_ten_times_at_once_moves_an_order_once(hub: Any) -> None:
    await make_channel(hub, config=moving(on_payment_confirm="confirmed"))
    ref = (await committed(hub, (await opened(hub, line("A"))).session_key)).order_ref

    async def fire(tx: Tx, _: Any) -> None:
        await moves.advance_all(tx, "on_payment_confirm", [(hub.business, ref), (hub.business, ref)])

    await asyncio.gather(*(hub.process.database.run(fire) for _ in range(10)))
    assert await history(hub, ref) == [("created", "key:test"), ("confirmed", "system")]


async def test_an_order_that_is_cancelled_by_itself_gives_its_stock_back(hub: Any) -> None:
    await make_channel(hub, config=moving(on_create="cancelled"))
    ref = (await committed(hub, (await opened(hub, line("A"))).session_key)).order_ref

    async def released() -> bool:
        statement = "select 1 from directives where topic = 'stock.release' and status = 'done' and order_ref = $1"
        return bool(await hub.rows(statement, ref))

    await eventually(released)
