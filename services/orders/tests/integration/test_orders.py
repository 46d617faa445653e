"""Orders: moved, cancelled with the real inventory, found by what is asked for."""

import asyncio
from typing import Any

from order_calls import (
    FREE,
    committed,
    line,
    make_channel,
    opened,
    order_of,
    refused,
    stocked,
    transitioned,
    with_inventory,
)

from comanda.inventory.v1 import stock_pb2
from comanda.orders.v1 import orders_pb2
from kit.errors import Invalid, NotFound
from kit.testing import eventually


async def ordered(hub: Any, sku: str = "A", qty: str = "1", price: int = 100, **fields: Any) -> str:
    handle, channel = {k: v for k, v in fields.items() if k.startswith("handle")}, fields.get("channel", "web")
    session = await opened(hub, line(sku, qty, price), channel=channel, **handle)
    external = fields.get("external_ref", "")
    ref: str = (await committed(hub, session.session_key, channel=channel, external_ref=external)).order_ref
    return ref


async def level(hub: Any, sku: str) -> tuple[str, str]:
    [found] = (await hub.call(hub.goods.ListStock, stock_pb2.ListStockRequest(sku=[sku]))).items
    return found.on_hand, found.reserved


async def leveled(hub: Any, sku: str, on_hand: str, reserved: str) -> None:
    async def reached() -> bool:
        return await level(hub, sku) == (on_hand, reserved)

    await eventually(reached)


@with_inventory
async def test_a_cancelled_order_gives_back_what_it_had_taken(hub: Any) -> None:
    await make_channel(hub)
    await stocked(hub, "A", "5")
    ref = await ordered(hub, qty="2")
    await leveled(hub, "A", "3.000", "0.000")
    await transitioned(hub, ref, "cancelled", reason="changed his mind")
    await leveled(hub, "A", "5.000", "0.000")
    assert (await order_of(hub, ref)).HasField("cancelled_at")


@with_inventory
async def test_an_order_cancelled_at_once_leaves_the_stock_as_it_was(hub: Any) -> None:
    await make_channel(hub)
    await stocked(hub, "A", "5")
    for ref in [await ordered(hub) for _ in range(3)]:
        await transitioned(hub, ref, "cancelled")

    async def over() -> bool:
        return not await hub.rows("select 1 from directives where status = 'queued'")

    await eventually(over)
    assert await level(hub, "A") == ("5.000", "0.000")


async def test_of_two_moves_to_the_same_status_at_once_one_is_refused(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    ref = await ordered(hub)
    moves = (transitioned(hub, ref, "confirmed", actor=f"till {n}") for n in range(8))
    ends = await asyncio.gather(*moves, return_exceptions=True)
    refusals = [end for end in ends if isinstance(end, Exception)]
    assert {getattr(end, "code", "") for end in refusals} == {"invalid_transition"}
    assert len(refusals) == 7
    events = (await hub.call(hub.orders.ListOrderEvents, orders_pb2.ListOrderEventsRequest(ref=ref))).items
    assert [event.type for event in events] == ["created", "status_changed"]
    assert events[1].actor_label.startswith("till ")


async def test_an_unknown_order_is_not_found(hub: Any) -> None:
    assert type(await refused(transitioned(hub, "ORD-NONE", "confirmed"))) is NotFound


async def found(hub: Any, **asked: Any) -> list[str]:
    """Every order that matches, a page of two at a time, each seen once."""
    request, refs = orders_pb2.ListOrdersRequest(page_size=2, include_total=True, **asked), []
    while True:
        page = await hub.call(hub.orders.ListOrders, request)
        refs += [order.ref for order in page.items]
        if not page.next_page_token:
            assert page.total == len(refs) == len(set(refs))
            return refs
        request.page_token = page.next_page_token


async def test_every_filter_finds_what_it_says_and_pages_miss_nothing(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    table = {"handle_type": "table", "handle_ref": "12"}
    refs = [await ordered(hub, price=price) for price in (500, 100, 300, 300)]
    refs.append(await ordered(hub, price=700, external_ref="X-1", **table))
    await transitioned(hub, refs[1], "confirmed")
    assert await found(hub) == refs[::-1]
    assert await found(hub, order_by="created_at") == refs
    assert await found(hub, order_by="total_q") == [refs[1], refs[2], refs[3], refs[0], refs[4]]
    assert await found(hub, order_by="-total_q") == [refs[4], refs[0], refs[3], refs[2], refs[1]]
    assert await found(hub, status=["confirmed"]) == [refs[1]]
    assert await found(hub, status=["created", "confirmed"]) == refs[::-1]
    assert await found(hub, external_ref=["X-1"]) == await found(hub, **table) == [refs[4]]
    assert await found(hub, min_total_q=300, max_total_q=500) == [refs[3], refs[2], refs[0]]
    assert await found(hub, channel_code=["elsewhere"]) == []
    middle = (await order_of(hub, refs[2])).created_at
    assert await found(hub, created_from=middle) == refs[:1:-1]
    assert await found(hub, created_to=middle) == [refs[1], refs[0]]


async def test_created_is_where_orders_of_the_channels_asked_for_begin(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    await make_channel(hub, code="desk", config=FREE, preset="order_management")
    own = {"order_flow": {"transitions": {"new": ["created"], "created": ["completed"]}}}
    await make_channel(hub, code="odd", config=own)
    plain, draft, odd = [await ordered(hub, channel=code) for code in ("web", "desk", "odd")]
    for code, refs in {"web": [plain], "desk": [draft], "odd": []}.items():
        assert await found(hub, status=["created"], channel_code=[code]) == refs
    assert await found(hub, status=["created"], channel_code=["web", "desk"]) == [draft, plain]
    assert await found(hub, status=["created"]) == [odd, plain]


async def test_a_page_token_that_is_not_ours_is_refused(hub: Any) -> None:
    request = orders_pb2.ListOrdersRequest(page_token="nonsense")
    error = await refused(hub.call(hub.orders.ListOrders, request))
    assert (type(error), error.code) == (Invalid, "invalid_page_token")
