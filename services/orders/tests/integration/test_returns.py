"""Returns: asked for, received, put back by the real inventory, refunded, and never more than was ordered."""

import asyncio
import re
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf import json_format
from order_calls import (
    FREE,
    STOCKED,
    committed,
    document,
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
from comanda.orders.v1 import directives_pb2, orders_pb2, returns_pb2_grpc
from comanda.orders.v1 import returns_pb2 as pb
from kit.errors import DomainError, Invalid, NotFound
from kit.testing import eventually

DELIVERED = ("confirmed", "ready", "dispatched", "delivered")


def stub(hub: Any) -> Any:
    return returns_pb2_grpc.ReturnServiceStub(hub.upstream)


async def ordered(hub: Any, *lines: Any, config: dict[str, Any] = FREE, path: Any = DELIVERED) -> tuple[str, list[str]]:
    """Makes an order that has gone the way; returns its ref and line ids."""
    await make_channel(hub, config=config)
    data = document({"payment": {"intent_id": "pi_1"}})
    session = await opened(hub, *(lines or (line("A", "4", 333),)), data=data)
    ref = (await committed(hub, session.session_key)).order_ref
    for status in path:
        await transitioned(hub, ref, status)
    return ref, [item.line_id for item in session.items]


async def asked(hub: Any, ref: str, *items: tuple[str, str], **fields: Any) -> Any:
    parts = [pb.ReturnItem(line_id=line_id, qty=qty, **fields) for line_id, qty in items]
    request = pb.CreateReturnRequest(ref=ref, items=parts, reason="too small")
    return (await hub.call(stub(hub).CreateReturn, request)).order_return


async def received(hub: Any, number: str) -> Any:
    return (await hub.call(stub(hub).ReceiveReturn, pb.ReceiveReturnRequest(number=number))).order_return


async def refunded(hub: Any, number: str, **fields: Any) -> Any:
    return (await hub.call(stub(hub).RefundReturn, pb.RefundReturnRequest(number=number, **fields))).order_return


async def cancelled(hub: Any, number: str) -> Any:
    return (await hub.call(stub(hub).CancelReturn, pb.CancelReturnRequest(number=number))).order_return


async def arrived(hub: Any, number: str, status: str) -> Any:
    """Returns the return once it is in the status."""

    async def there() -> Any:
        found = (await hub.call(stub(hub).GetReturn, pb.GetReturnRequest(number=number))).order_return
        return found if pb.ReturnStatus.Name(found.status) == f"RETURN_STATUS_{status}" else None

    return await eventually(there)


@with_inventory
async def test_the_whole_way_of_a_return_puts_units_back_and_gives_the_money_back(hub: Any, paid: list[Any]) -> None:
    await stocked(hub, "A", "10")
    await stocked(hub, "B", "10")
    ref, [first, second] = await ordered(hub, line("A", "2.5", 333), line("B", "2", 100), config=STOCKED)
    made = await asked(hub, ref, (first, "1.5"), (second, "1"))
    assert re.fullmatch(r"RET-\d{8}-0001", made.number)
    assert (made.amount_q, made.refund_q) == (500 + 100, 0)
    assert (await order_of(hub, ref)).status == "delivered"
    assert (await received(hub, made.number)).HasField("received_at")
    found = await arrived(hub, made.number, "RESTOCKED")
    assert found.HasField("restocked_at")
    levels = (await hub.call(hub.goods.ListStock, stock_pb2.ListStockRequest())).items
    assert {each.sku: each.on_hand for each in levels} == {"A": "9.000", "B": "9.000"}
    assert (await refunded(hub, made.number)).refund_q == 600
    assert (await arrived(hub, made.number, "REFUNDED")).HasField("refunded_at")
    assert [(each.amount_q, each.reason) for each in paid] == [(600, "too small")]


@with_inventory
async def test_units_that_cannot_be_sold_again_stay_off_the_shelf(hub: Any) -> None:
    await stocked(hub, "A", "10")
    ref, [line_id] = await ordered(hub, config=STOCKED)
    made = await asked(hub, ref, (line_id, "1"), restock=False)
    await received(hub, made.number)
    request = directives_pb2.ListDirectivesRequest(order_ref=ref, topic=["stock.restock"])
    assert not (await hub.call(hub.directives.ListDirectives, request)).items


async def test_twenty_returns_at_once_never_take_more_than_was_ordered(hub: Any) -> None:
    ref, [line_id] = await ordered(hub)
    answers = await asyncio.gather(*(asked(hub, ref, (line_id, "1.5")) for _ in range(20)), return_exceptions=True)
    refusals = [each for each in answers if isinstance(each, DomainError)]
    assert (len(answers) - len(refusals), {each.code for each in refusals}) == (2, {"quantity_exceeded"})
    [row] = await hub.rows("select qty_returned from order_items")
    assert row["qty_returned"] == 3


async def test_a_return_is_received_refunded_and_called_off_once(hub: Any) -> None:
    ref, [line_id] = await ordered(hub)
    made = await asked(hub, ref, (line_id, "1"))
    assert (await refused(refunded(hub, made.number))).code == "return_settled"
    answers = await asyncio.gather(*(received(hub, made.number) for _ in range(5)), return_exceptions=True)
    assert [type(each).__name__ for each in answers].count("Refused") == 4
    assert (await refused(cancelled(hub, made.number))).code == "return_settled"
    refusal = await refused(refunded(hub, made.number, amount_q=334))
    assert (refusal.code, refusal.context["available_q"]) == ("return_refund_exceeded", 333)
    answers = await asyncio.gather(*(refunded(hub, made.number) for _ in range(5)), return_exceptions=True)
    assert [type(each).__name__ for each in answers].count("Refused") == 4
    request = directives_pb2.ListDirectivesRequest(order_ref=ref, topic=["payment.refund"])
    [task] = (await hub.call(hub.directives.ListDirectives, request)).items
    payload = json_format.MessageToDict(task.payload)
    assert (payload["amount_q"], payload["return_number"]) == (333, made.number)


async def test_a_return_that_is_called_off_frees_its_quantities(hub: Any) -> None:
    ref, [line_id] = await ordered(hub)
    made = await asked(hub, ref, (line_id, "4"))
    assert (await refused(asked(hub, ref, (line_id, "0.001")))).code == "quantity_exceeded"
    assert (await cancelled(hub, made.number)).HasField("cancelled_at")
    await asked(hub, ref, (line_id, "4"))


@pytest.mark.parametrize("path", [(), ("confirmed", "ready"), ("cancelled",)])
async def test_what_has_not_left_is_not_returned(hub: Any, path: tuple[str, ...]) -> None:
    ref, [line_id] = await ordered(hub, path=path)
    assert (await refused(asked(hub, ref, (line_id, "1")))).code == "order_not_returnable"


async def test_what_may_still_fail_on_its_way_and_be_cancelled_is_not_returned_before(hub: Any) -> None:
    await make_channel(hub, config={"required_checks_on_commit": []}, preset="order_management")
    session = await opened(hub, line("A", "1"))
    ref = (await committed(hub, session.session_key, wait=0)).order_ref
    for status in ("confirmed", "processing", "ready_to_ship", "shipped", "in_transit"):
        await transitioned(hub, ref, status)
    parts = (session.items[0].line_id, "1")
    assert (await refused(asked(hub, ref, parts))).code == "order_not_returnable"
    await transitioned(hub, ref, "delivered")
    await asked(hub, ref, parts)
    assert (await order_of(hub, ref)).status == "return_requested"


async def test_an_order_is_returned_when_all_of_it_is_and_history_tells_each_step(hub: Any) -> None:
    flow = {
        "transitions": {
            "new": ["delivered"],
            "delivered": ["completed", "return_requested"],
            "completed": ["return_requested"],
            "return_requested": ["returned", "completed"],
            "returned": [],
        },
        "terminal_statuses": ["returned"],
    }
    ref, [line_id] = await ordered(hub, config={"order_flow": flow}, path=("delivered",))

    async def status() -> str:
        return str((await order_of(hub, ref)).status)

    one = await asked(hub, ref, (line_id, "1"))
    assert await status() == "return_requested"
    await cancelled(hub, one.number)
    assert await status() == "completed"
    two = await asked(hub, ref, (line_id, "1"))
    await received(hub, two.number)
    assert await status() == "completed"
    rest = await asked(hub, ref, (line_id, "3"))
    await received(hub, rest.number)
    order = await order_of(hub, ref)
    assert order.status == "returned"
    assert order.HasField("returned_at")
    request = orders_pb2.ListOrderEventsRequest(ref=ref, action=["return_requested", "returned"], page_size=100)
    events = (await hub.call(hub.orders.ListOrderEvents, request)).items
    assert [event.type for event in events if event.type != "status_changed"] == [
        "return_requested", "return_requested", "return_received", "return_requested", "return_received",
    ]  # fmt: skip


async def test_returns_are_listed_by_order_and_status_and_only_for_their_business(hub: Any) -> None:
    ref, [line_id] = await ordered(hub)
    one, two = await asked(hub, ref, (line_id, "1")), await asked(hub, ref, (line_id, "1"))
    await received(hub, two.number)

    async def listed(**fields: Any) -> list[str]:
        answer = await hub.call(stub(hub).ListReturns, pb.ListReturnsRequest(**fields))
        return [each.number for each in answer.items]

    assert await listed() == [one.number, two.number]
    assert await listed(status=["RETURN_STATUS_RECEIVED"]) == [two.number]
    mine = await hub.call(stub(hub).ListOrderReturns, pb.ListOrderReturnsRequest(ref=ref, page_size=1))
    assert ([each.number for each in mine.items], bool(mine.next_page_token)) == ([one.number], True)
    stranger = hub.token_for(uuid4())
    for method, request in [
        (stub(hub).GetReturn, pb.GetReturnRequest(number=one.number)),
        (stub(hub).ReceiveReturn, pb.ReceiveReturnRequest(number=one.number)),
        (stub(hub).RefundReturn, pb.RefundReturnRequest(number=two.number)),
        (stub(hub).CancelReturn, pb.CancelReturnRequest(number=one.number)),
        (stub(hub).ListOrderReturns, pb.ListOrderReturnsRequest(ref=ref)),
    ]:
        assert isinstance(await refused(hub.call(method, request, stranger)), NotFound)


async def test_a_return_needs_lines_and_quantities(hub: Any) -> None:
    for items in ([], [("L", "0")], [("L", "-1")], [("", "1")]):
        assert isinstance(await refused(asked(hub, "ORD-1", *items)), Invalid)
