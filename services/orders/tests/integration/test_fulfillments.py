"""Fulfilments on a real database: partial ones, at once, and what their orders make of them (M-10, M-11)."""

import asyncio
import re
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from google.protobuf import json_format
from order_calls import FREE, committed, line, make_channel, opened, order_of, refused, transitioned

from comanda.orders.v1 import fulfillments_pb2 as pb
from comanda.orders.v1 import fulfillments_pb2_grpc, orders_pb2
from kit.errors import DomainError, Invalid, NotFound

NAME = "FULFILLMENT_STATUS_"
PATH = ("picking", "packing", "ready_to_ship", "shipped", "fulfilled")


def stub(hub: Any) -> Any:
    return fulfillments_pb2_grpc.FulfillmentServiceStub(hub.upstream)


async def ordered(hub: Any, *quantities: str, status: str = "confirmed", **fields: Any) -> tuple[str, list[str]]:
    """Makes an order with a line for each quantity, in the status; returns its ref and line ids."""
    await make_channel(hub, **({"config": FREE} | fields))
    lines = [line(f"SKU-{number}", qty, name=f"Thing {number}") for number, qty in enumerate(quantities or ("10",))]
    session = await opened(hub, *lines)
    ref = (await committed(hub, session.session_key, wait=0)).order_ref
    if status:
        await transitioned(hub, ref, status)
    return ref, [item.line_id for item in session.items]


async def begun(hub: Any, ref: str, *items: tuple[str, str], **fields: Any) -> Any:
    parts = [pb.FulfillmentItem(line_id=line_id, qty=qty) for line_id, qty in items]
    request = pb.CreateFulfillmentRequest(ref=ref, items=parts, **fields)
    return (await hub.call(stub(hub).CreateFulfillment, request)).fulfillment


async def moved(hub: Any, number: str, *statuses: str, **fields: Any) -> Any:
    for status in statuses:
        request = pb.TransitionFulfillmentRequest(number=number, status=f"{NAME}{status.upper()}", **fields)
        found = (await hub.call(stub(hub).TransitionFulfillment, request)).fulfillment
    return found


async def read(hub: Any, number: str) -> Any:
    return (await hub.call(stub(hub).GetFulfillment, pb.GetFulfillmentRequest(number=number))).fulfillment


async def test_m_10_a_fulfilment_has_a_number_by_the_day_and_waits_to_be_picked(hub: Any) -> None:
    ref, [first, second] = await ordered(hub, "2", "3")
    made = await begun(
        hub, ref, (first, "1"), (first, "0.5"), (second, "3"), warehouse_location="A3", assigned_to="ana"
    )
    today = datetime.now(UTC).astimezone(ZoneInfo("America/Sao_Paulo"))
    assert re.fullmatch(r"FUL-\d{8}-0001", made.number)
    assert made.number[4:12] == f"{today:%Y%m%d}"
    found = json_format.MessageToDict(made, preserving_proto_field_name=True)
    assert found["status"] == "FULFILLMENT_STATUS_PENDING"
    assert [(item["sku"], item["name"], item["qty"]) for item in found["items"]] == [
        ("SKU-0", "Thing 0", "1.500"),
        ("SKU-1", "Thing 1", "3.000"),
    ]
    assert found["assigned_at"] == found["created_at"]
    assert (await begun(hub, ref, (first, "0.5"))).number.endswith("-0002")
    assert await read(hub, made.number) == made


@pytest.mark.parametrize("status", ["", "cancelled", "ready"])
async def test_m_10_only_a_confirmed_or_processed_order_is_fulfilled(hub: Any, status: str) -> None:
    ref, [line_id] = await ordered(hub, status="")
    for step in {"": [], "cancelled": ["cancelled"], "ready": ["confirmed", "ready"]}[status]:
        await transitioned(hub, ref, step)
    refusal = await refused(begun(hub, ref, (line_id, "1")))
    assert (refusal.code, refusal.context["allowed_statuses"]) == (
        "order_not_fulfillable",
        ["confirmed", "processing"],
    )


async def test_what_goes_in_must_be_said_in_quantities_above_zero(hub: Any) -> None:
    for qty in ("0", "1.0001", "x"):
        refusal = await refused(begun(hub, "ORD-1", ("L", qty)))
        assert (type(refusal), refusal.code) == (Invalid, "invalid_qty")
    assert (await refused(begun(hub, "ORD-1"))).code == "invalid_argument"


async def test_twenty_fulfilments_at_once_never_take_more_than_was_ordered(hub: Any) -> None:
    ref, [line_id] = await ordered(hub, "10")
    answers = await asyncio.gather(*(begun(hub, ref, (line_id, "3")) for _ in range(20)), return_exceptions=True)
    made = [each for each in answers if not isinstance(each, BaseException)]
    refusals = [each for each in answers if isinstance(each, DomainError)]
    assert len(made) == 3
    assert {each.code for each in refusals} == {"quantity_exceeded"}
    [short] = refusals[0].context["lines"]
    assert (short["ordered"], short["left"], short["requested"]) == ("10.000", "1.000", "3.000")
    assert len({each.number for each in made}) == 3
    [row] = await hub.rows("select qty_allotted from order_items")
    assert row["qty_allotted"] == 9


async def test_fulfilments_of_many_orders_at_once_get_numbers_without_gap_or_repeat(hub: Any) -> None:
    orders = [await ordered(hub, "1")]
    for _ in range(7):
        session = await opened(hub, line("SKU-0"))
        ref = (await committed(hub, session.session_key, wait=0)).order_ref
        await transitioned(hub, ref, "confirmed")
        orders.append((ref, [session.items[0].line_id]))
    made = await asyncio.gather(*(begun(hub, ref, (line_id, "1")) for ref, [line_id] in orders))
    assert sorted(int(each.number[-4:]) for each in made) == list(range(1, 9))


async def test_a_fulfilment_that_is_called_off_frees_its_quantities(hub: Any) -> None:
    ref, [line_id] = await ordered(hub, "5")
    made = await begun(hub, ref, (line_id, "5"))
    assert (await refused(begun(hub, ref, (line_id, "0.001")))).code == "quantity_exceeded"
    await moved(hub, made.number, "picking", "cancelled")
    await begun(hub, ref, (line_id, "5"))
    assert (await refused(moved(hub, made.number, "picking"))).code == "terminal_status"


async def test_m_10_the_way_stamps_each_time_once_and_keeps_notes_apart(hub: Any) -> None:
    ref, [line_id] = await ordered(hub)
    made = await begun(hub, ref, (line_id, "10"))
    await moved(hub, made.number, "picking", notes="shelf 3")
    first = await read(hub, made.number)
    await moved(hub, made.number, "packing", notes="fragile")
    await moved(hub, made.number, "partially_fulfilled", "picking", "packing", "ready_to_ship")
    found = await moved(hub, made.number, "shipped", carrier="Correios", tracking_number="BR123")
    assert (found.picking_notes, found.packing_notes) == ("shelf 3", "fragile")
    assert (found.carrier, found.tracking_number) == ("Correios", "BR123")
    assert found.picking_started_at == first.picking_started_at
    for name in ("picking_completed_at", "packing_started_at", "packing_completed_at", "shipped_at"):
        assert found.HasField(name), name
    assert not found.HasField("fulfilled_at")
    refusal = await refused(moved(hub, made.number, "picking"))
    assert (refusal.code, refusal.context["allowed_transitions"]) == (
        "invalid_transition",
        ["fulfilled", "partially_fulfilled"],
    )
    unknown = pb.TransitionFulfillmentRequest(number=made.number)
    assert isinstance(await refused(hub.call(stub(hub).TransitionFulfillment, unknown)), Invalid)


async def test_of_two_who_move_a_fulfilment_at_once_one_wins(hub: Any) -> None:
    ref, [line_id] = await ordered(hub)
    made = await begun(hub, ref, (line_id, "1"))
    racing = [moved(hub, made.number, status) for status in ("picking", "picking", "cancelled")]
    answers = await asyncio.gather(*racing, return_exceptions=True)
    final = (await read(hub, made.number)).status
    won = [each for each in answers if not isinstance(each, BaseException)]
    # Picking and then calling off is a way, too; nothing happens twice.
    assert 1 <= len(won) <= 2
    assert won[-1].status == final or final == pb.FULFILLMENT_STATUS_CANCELLED
    [row] = await hub.rows("select qty_allotted from order_items")
    assert row["qty_allotted"] == (0 if final == pb.FULFILLMENT_STATUS_CANCELLED else 1)


async def test_the_order_follows_its_fulfilments_and_is_delivered_only_when_all_are(hub: Any) -> None:
    fields = {"config": FREE, "preset": "order_management"}
    await make_channel(hub, **fields)
    await hub.rows("update channel_configs set config = config - 'required_checks_on_commit'")
    await hub.rows("update channels set config = config - 'required_checks_on_commit'")
    session = await opened(hub, line("A", "4"))
    ref = (await committed(hub, session.session_key, wait=0)).order_ref
    line_id = session.items[0].line_id

    async def status() -> str:
        return str((await order_of(hub, ref)).status)

    assert (await refused(begun(hub, ref, (line_id, "1")))).code == "order_not_fulfillable"
    await transitioned(hub, ref, "confirmed")
    one = await begun(hub, ref, (line_id, "1"))
    assert await status() == "processing"
    two = await begun(hub, ref, (line_id, "3"))
    await moved(hub, one.number, "picking", "packing", "ready_to_ship")
    assert await status() == "ready_to_ship"
    await moved(hub, one.number, "shipped", "fulfilled")
    assert await status() == "shipped"
    await moved(hub, two.number, *PATH[:4])
    assert await status() == "shipped"
    await moved(hub, two.number, "fulfilled")
    order = await order_of(hub, ref)
    assert order.status == "delivered"
    assert order.HasField("delivered_at")
    request = orders_pb2.ListOrderEventsRequest(ref=ref, page_size=100)
    events = (await hub.call(hub.orders.ListOrderEvents, request)).items
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    packed = [event for event in events if event.action == "packed"]
    assert len(packed) == 2


async def test_part_of_an_order_that_has_arrived_does_not_make_it_delivered(hub: Any) -> None:
    config = {"order_flow": {"auto_transitions": {"on_delivery_confirm": "completed"}}}
    ref, [line_id] = await ordered(hub, "4", config=config)
    await transitioned(hub, ref, "processing")
    made = await begun(hub, ref, (line_id, "3"))
    rest = await begun(hub, ref, (line_id, "1"))
    await transitioned(hub, ref, "ready")
    await moved(hub, rest.number, "cancelled")
    await moved(hub, made.number, *PATH)
    assert (await order_of(hub, ref)).status == "ready"


async def test_a_cancelled_order_calls_off_what_has_not_left_the_house(hub: Any) -> None:
    ref, [line_id] = await ordered(hub, "10")
    picked, gone = await begun(hub, ref, (line_id, "3")), await begun(hub, ref, (line_id, "4"))
    await moved(hub, picked.number, "picking")
    await moved(hub, gone.number, *PATH[:4])
    await transitioned(hub, ref, "cancelled")
    found = await read(hub, picked.number)
    assert found.status == pb.FULFILLMENT_STATUS_CANCELLED
    assert found.HasField("cancelled_at")
    assert (await read(hub, gone.number)).status == pb.FULFILLMENT_STATUS_SHIPPED
    [row] = await hub.rows("select qty_allotted from order_items")
    assert row["qty_allotted"] == 4


async def test_an_order_that_is_cancelled_because_its_fulfilment_was_frees_all_once(hub: Any) -> None:
    config = {"order_flow": {"auto_transitions": {"on_fulfillment_cancelled": "cancelled"}}}
    ref, [line_id] = await ordered(hub, "10", config=config)
    one, other = await begun(hub, ref, (line_id, "3")), await begun(hub, ref, (line_id, "4"))
    await moved(hub, one.number, "cancelled")
    assert (await order_of(hub, ref)).status == "cancelled"
    assert (await read(hub, other.number)).status == pb.FULFILLMENT_STATUS_CANCELLED
    [row] = await hub.rows("select qty_allotted from order_items")
    assert row["qty_allotted"] == 0


async def test_m_11_stats_count_each_status_and_sum_to_the_total(hub: Any) -> None:
    ref, [line_id] = await ordered(hub, "100")
    made = [await begun(hub, ref, (line_id, "1")) for _ in range(8)]
    for each, steps in zip(made, range(8), strict=True):
        await moved(hub, each.number, *(("cancelled",) if steps == 7 else PATH[: min(steps, 5)])) if steps else None
    stats = (await hub.call(stub(hub).GetFulfillmentStats, pb.GetFulfillmentStatsRequest())).stats
    found = {field.name: value for field, value in stats.ListFields()}
    total = found.pop("total")
    assert found == {
        "pending": 1, "picking": 1, "packing": 1, "ready_to_ship": 1, "shipped": 1, "fulfilled": 2, "cancelled": 1,
    }  # fmt: skip
    assert (sum(found.values()), total) == (8, 8)


async def test_a_pick_list_sums_by_sku_what_waits_and_leaves_out_what_is_packed(hub: Any) -> None:
    ref, [first, second] = await ordered(hub, "10", "10")
    one = await begun(hub, ref, (first, "2"), (second, "1"), warehouse_location="A")
    two = await begun(hub, ref, (first, "1.5"), warehouse_location="B", assigned_to="ana")
    packed = await begun(hub, ref, (first, "1"))
    await moved(hub, packed.number, "picking", "packing")

    async def picked(**fields: Any) -> dict[str, tuple[str, int]]:
        found = (await hub.call(stub(hub).GetPickList, pb.GetPickListRequest(**fields))).pick_list
        return {item.sku: (item.qty, len(item.parts)) for item in found.items}

    assert await picked() == {"SKU-0": ("3.500", 2), "SKU-1": ("1.000", 1)}
    assert await picked(warehouse_location=["A"]) == {"SKU-0": ("2.000", 1), "SKU-1": ("1.000", 1)}
    assert await picked(assigned_to=["ana"]) == await picked(number=[two.number]) == {"SKU-0": ("1.500", 1)}
    assert await picked(number=[packed.number]) == {}
    await moved(hub, one.number, "cancelled")
    assert await picked() == {"SKU-0": ("1.500", 1)}


async def test_a_fulfilment_is_assigned_and_changed_on_record_and_found_by_it(hub: Any) -> None:
    ref, [line_id] = await ordered(hub)
    made, other = await begun(hub, ref, (line_id, "1")), await begun(hub, ref, (line_id, "1"))
    for _ in range(2):
        await hub.call(stub(hub).AssignFulfillment, pb.AssignFulfillmentRequest(number=made.number, assigned_to="rui"))
    change = pb.UpdateFulfillmentRequest(number=made.number, box_size="M", weight="1.250", tracking_url="https://t/1")
    changed = (await hub.call(stub(hub).UpdateFulfillment, change)).fulfillment
    assert (changed.box_size, changed.weight, changed.assigned_to) == ("M", "1.250", "rui")
    assert (await hub.call(stub(hub).UpdateFulfillment, change)).fulfillment == changed
    change.tracking_url = "javascript:alert(1)"
    assert (await refused(hub.call(stub(hub).UpdateFulfillment, change))).code == "invalid_argument"
    events = (
        await hub.call(hub.orders.ListOrderEvents, orders_pb2.ListOrderEventsRequest(ref=ref, page_size=100))
    ).items
    [entry] = [json_format.MessageToDict(event.payload) for event in events if event.type == "fulfillment_updated"]
    assert entry["changed"] == ["box_size", "tracking_url", "weight"]
    assert changed.HasField("assigned_at")

    async def listed(**fields: Any) -> list[str]:
        request = pb.ListFulfillmentsRequest(**fields)
        return [each.number for each in (await hub.call(stub(hub).ListFulfillments, request)).items]

    await moved(hub, other.number, "picking")
    assert await listed() == [made.number, other.number]
    assert await listed(assigned_to=["rui"]) == [made.number]
    assert await listed(status=["FULFILLMENT_STATUS_PICKING"]) == [other.number]
    mine = await hub.call(stub(hub).ListOrderFulfillments, pb.ListOrderFulfillmentsRequest(ref=ref, page_size=1))
    assert [each.number for each in mine.items] == [made.number]
    assert mine.next_page_token
    request = orders_pb2.ListOrderEventsRequest(ref=ref, action=["assigned"])
    events = (await hub.call(hub.orders.ListOrderEvents, request)).items
    assert [event.type for event in events] == ["fulfillment_created", "fulfillment_created", "fulfillment_assigned"]


async def test_another_business_finds_no_fulfilment(hub: Any) -> None:
    ref, [line_id] = await ordered(hub)
    made, stranger = await begun(hub, ref, (line_id, "1")), hub.token_for(uuid4())
    number = made.number
    for method, request in [
        (stub(hub).GetFulfillment, pb.GetFulfillmentRequest(number=number)),
        (stub(hub).UpdateFulfillment, pb.UpdateFulfillmentRequest(number=number, box_size="S")),
        (stub(hub).AssignFulfillment, pb.AssignFulfillmentRequest(number=number, assigned_to="x")),
        (stub(hub).TransitionFulfillment, pb.TransitionFulfillmentRequest(number=number, status=f"{NAME}PICKING")),
        (stub(hub).ListOrderFulfillments, pb.ListOrderFulfillmentsRequest(ref=ref)),
        (
            stub(hub).CreateFulfillment,
            pb.CreateFulfillmentRequest(ref=ref, items=[pb.FulfillmentItem(line_id=line_id, qty="1")]),
        ),
    ]:
        assert isinstance(await refused(hub.call(method, request, stranger)), NotFound)
    assert not (await hub.call(stub(hub).ListFulfillments, pb.ListFulfillmentsRequest(), stranger)).items
    assert (await hub.call(stub(hub).GetFulfillmentStats, pb.GetFulfillmentStatsRequest(), stranger)).stats.total == 0
