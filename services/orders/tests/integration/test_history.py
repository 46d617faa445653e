"""What happens to an order and stays on record: cancelled, refunded, changed, remarked on, one by one and in bulk."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf import json_format
from order_calls import (
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
from comanda.orders.v1 import directives_pb2, orders_pb2
from kit.errors import DomainError, Invalid, NotFound, Refused
from kit.testing import eventually


async def ordered(hub: Any, price: int = 1000, **fields: Any) -> str:
    """Makes an order of one line."""
    session = await opened(hub, line("A", "1", price, **fields))
    ref: str = (await committed(hub, session.session_key)).order_ref
    return ref


async def history(hub: Any, ref: str, **fields: Any) -> list[dict[str, Any]]:
    request = orders_pb2.ListOrderEventsRequest(ref=ref, **fields)
    events = (await hub.call(hub.orders.ListOrderEvents, request)).items
    return [json_format.MessageToDict(event, preserving_proto_field_name=True) for event in events]


async def tasks(hub: Any, ref: str, topic: str) -> list[Any]:
    request = directives_pb2.ListDirectivesRequest(order_ref=ref, topic=[topic])
    return list((await hub.call(hub.directives.ListDirectives, request)).items)


async def cancelled(hub: Any, ref: str, reason: str = "sold out") -> Any:
    return (await hub.call(hub.orders.CancelOrder, orders_pb2.CancelOrderRequest(ref=ref, reason=reason))).order


async def refunded(hub: Any, ref: str, amount_q: int, reason: str = "damaged") -> Any:
    request = orders_pb2.RefundOrderRequest(ref=ref, amount_q=amount_q, reason=reason)
    return (await hub.call(hub.orders.RefundOrder, request)).refund


async def patched(hub: Any, ref: str, data: dict[str, Any]) -> Any:
    request = orders_pb2.UpdateOrderRequest(ref=ref, data=document(data), actor="desk")
    return (await hub.call(hub.orders.UpdateOrder, request)).order


async def test_o_o17_a_cancelled_order_says_why_and_gives_back_its_stock_once(hub: Any) -> None:
    await make_channel(hub, config=STOCKED)
    ref = await ordered(hub)
    order = await cancelled(hub, ref, "customer request")
    assert (order.ref, order.status) == (ref, "cancelled")
    assert order.HasField("cancelled_at")
    said = ["created", "status_changed", "cancelled"]
    entries = (await history(hub, ref))[:3]  # that the stock has come back is added when it has
    assert [entry["type"] for entry in entries] == said
    assert entries[-1]["payload"] == {"reason": "customer request", "reservations_released": 1}
    [release] = await tasks(hub, ref, "stock.release")
    assert json_format.MessageToDict(release.payload)["order_ref"] == ref
    again = await refused(cancelled(hub, ref))
    assert (again.code, again.context["current_status"]) == ("terminal_status", "cancelled")
    assert [entry["type"] for entry in await history(hub, ref)] in (said, [*said, "inventory_released"])


@with_inventory
@pytest.mark.parametrize("way", ["", "confirmed", "confirmed processing ready_to_ship"])
async def test_m_3_a_cancelled_order_releases_its_reservations_and_one_entry_says_so(hub: Any, way: str) -> None:
    await make_channel(hub, config={}, preset="order_management")
    await stocked(hub, "A", "5")
    session = await opened(hub, line("A", "2"))
    ref = (await committed(hub, session.session_key)).order_ref
    for status in way.split():
        await transitioned(hub, ref, status)
    await cancelled(hub, ref, "no longer wanted")
    [entry] = await history(hub, ref, action=["cancelled"])
    assert entry["payload"] == {"reason": "no longer wanted", "reservations_released": 1}

    async def back() -> bool:
        [level] = (await hub.call(hub.goods.ListStock, stock_pb2.ListStockRequest(sku=["A"]))).items
        return bool((level.on_hand, level.reserved) == ("5.000", "0.000"))

    await eventually(back)


async def test_an_order_cancelled_twice_at_once_is_cancelled_once(hub: Any) -> None:
    await make_channel(hub)
    ref = await ordered(hub)
    answers = await asyncio.gather(*(cancelled(hub, ref) for _ in range(6)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in answers) == ["Order", *["Refused"] * 5]
    assert len(await tasks(hub, ref, "stock.release")) == 1


async def test_a_move_to_cancelled_is_the_same_as_cancelling(hub: Any) -> None:
    await make_channel(hub, config={})
    ref = await ordered(hub)
    await transitioned(hub, ref, "cancelled", reason="typo", actor="payment-timeout")
    last = (await history(hub, ref))[-1]
    assert (last["type"], last["payload"]["reason"], last["actor_label"]) == ("cancelled", "typo", "payment-timeout")
    assert len(await tasks(hub, ref, "stock.release")) == 1


async def test_what_has_left_is_not_cancelled(hub: Any) -> None:
    await make_channel(hub)
    ref = await ordered(hub)
    for status in ("confirmed", "ready"):
        await transitioned(hub, ref, status)
    refusal = await refused(cancelled(hub, ref))
    assert isinstance(refusal, Refused)
    assert (refusal.code, refusal.context["allowed_transitions"]) == ("invalid_transition", ["dispatched", "completed"])
    assert await tasks(hub, ref, "stock.release") == []


async def test_o_o18_a_refund_is_a_directive_that_names_order_amount_and_reason(hub: Any) -> None:
    await make_channel(hub)
    ref = await ordered(hub)
    await patched(hub, ref, {"payment": {"intent_id": "pi_1"}})
    refund = await refunded(hub, ref, 400)
    [task] = await tasks(hub, ref, "payment.refund")
    assert (task.id, refund.amount_q, refund.currency) == (refund.directive_id, 400, "BRL")
    payload = json_format.MessageToDict(task.payload)
    asked = {name: payload[name] for name in ("order_ref", "amount_q", "reason", "intent_id")}
    assert asked == {"order_ref": ref, "amount_q": 400, "reason": "damaged", "intent_id": "pi_1"}
    assert (await history(hub, ref))[-1]["payload"]["directive_id"] == task.id


async def test_refunds_at_once_never_exceed_the_order(hub: Any) -> None:
    await make_channel(hub)
    ref = await ordered(hub, 1000)
    answers = await asyncio.gather(*(refunded(hub, ref, 300) for _ in range(8)), return_exceptions=True)
    refusals = [each for each in answers if isinstance(each, DomainError)]
    assert len(await tasks(hub, ref, "payment.refund")) == 3
    assert [each.code for each in refusals] == ["refund_exceeds_total"] * 5
    assert refusals[0].context["available_q"] == 100
    first = (await tasks(hub, ref, "payment.refund"))[0]
    await hub.call(hub.directives.CancelDirective, directives_pb2.CancelDirectiveRequest(id=first.id))
    await refunded(hub, ref, 400)


@pytest.mark.parametrize(("amount_q", "reason"), [(0, "x"), (-1, "x"), (1, ""), (1, "x" * 501)])
async def test_a_refund_needs_an_amount_and_a_reason(hub: Any, amount_q: int, reason: str) -> None:
    assert isinstance(await refused(refunded(hub, "ORD-1", amount_q, reason)), Invalid)


async def test_o_o14_data_changes_by_merge_patch_with_an_event_and_nothing_else_does(hub: Any) -> None:
    await make_channel(hub)
    ref = await ordered(hub)
    before = await order_of(hub, ref)
    await patched(hub, ref, {"gift": {"paper": "red", "card": "Oi"}})
    order = await patched(hub, ref, {"gift": {"card": None}, "floor": 3})
    assert json_format.MessageToDict(order.data) == {"gift": {"paper": "red"}, "floor": 3}
    assert (order.snapshot, order.total_q) == (before.snapshot, before.total_q)
    entries = await history(hub, ref, action=["edited"])
    assert [entry["type"] for entry in entries] == ["data_updated"] * 2
    assert entries[1]["payload"] == {"patch": {"gift": {"card": None}, "floor": 3}}
    await patched(hub, ref, {"floor": 3})
    assert len(await history(hub, ref)) == 3


async def test_an_order_is_found_by_what_its_data_says_now(hub: Any) -> None:
    await make_channel(hub)
    ref = await ordered(hub)
    await patched(hub, ref, {"customer": {"name": "Zuleica Brandão"}})
    found = (await hub.call(hub.orders.ListOrders, orders_pb2.ListOrdersRequest(search="brandao"))).items
    assert [order.ref for order in found] == [ref]


async def test_patches_at_once_all_count(hub: Any) -> None:
    await make_channel(hub)
    ref = await ordered(hub)
    await asyncio.gather(*(patched(hub, ref, {f"k{number}": number}) for number in range(10)))
    assert json_format.MessageToDict((await order_of(hub, ref)).data) == {f"k{number}": number for number in range(10)}
    assert [int(entry["seq"]) for entry in await history(hub, ref)] == list(range(1, 12))


async def test_o_o9_a_remark_is_listed_with_who_made_it_when_and_from_where(hub: Any) -> None:
    await make_channel(hub)
    ref = await ordered(hub)
    request = orders_pb2.RecordOrderEventRequest(
        ref=ref, type="note_added", actor="support", payload=document({"note": "chamou"})
    )
    made = (await hub.call(hub.orders.RecordOrderEvent, request)).event
    [found] = await history(hub, ref, type=["note_added"])
    assert found == json_format.MessageToDict(made, preserving_proto_field_name=True)
    assert (found["seq"], found["actor"], found["actor_label"]) == ("2", "key:test", "support")
    assert (found["action"], found["payload"]) == ("note_added", {"note": "chamou"})
    assert found["ip_address"].startswith("127.0.0.1")
    assert found["user_agent"].startswith("grpc-python")
    assert found["request_id"]


async def test_other_documents_names_of_type_and_payload_are_taken_too(hub: Any) -> None:
    await make_channel(hub)
    ref = await ordered(hub)
    request = orders_pb2.RecordOrderEventRequest(ref=ref, event_type="item_added", data=document({"sku": "B"}))
    made = (await hub.call(hub.orders.RecordOrderEvent, request)).event
    assert (made.type, json_format.MessageToDict(made.payload)) == ("item_added", {"sku": "B"})


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("status_changed", "reserved_event_type"),
        ("payment.captured", "reserved_event_type"),
        ("", "missing_event_type"),
        (" \t", "missing_event_type"),
    ],
)
async def test_nobody_writes_history_in_the_hubs_name(hub: Any, kind: str, code: str) -> None:
    await make_channel(hub)
    ref = await ordered(hub)
    request = orders_pb2.RecordOrderEventRequest(ref=ref, type=kind)
    assert (await refused(hub.call(hub.orders.RecordOrderEvent, request))).code == code
    assert len(await history(hub, ref)) == 1


async def test_o_o8_every_move_is_on_record_with_its_own_actor_and_a_refused_one_is_not(hub: Any) -> None:
    await make_channel(hub)
    ref = await ordered(hub)
    path = ["confirmed", "processing", "ready", "completed"]
    for status in path:
        await transitioned(hub, ref, status, actor=f"by-{status}")
    await refused(transitioned(hub, ref, "new"))
    moves = await history(hub, ref, type=["status_changed"])
    assert [move["actor_label"] for move in moves] == [f"by-{status}" for status in path]
    assert [move["payload"]["new_status"] for move in moves] == path
    assert [move["action"] for move in moves] == ["confirmed", "processing_started", "status_changed", "status_changed"]
    assert [each["seq"] for each in await history(hub, ref, action=["status_changed"])] == ["4", "5"]


async def test_o_o11_of_two_racing_moves_one_wins_and_a_move_from_stale_sight_counts(hub: Any) -> None:
    await make_channel(hub)
    ref = await ordered(hub)
    racing = [transitioned(hub, ref, "confirmed", actor=name) for name in ("ana", "rui")]
    answers = await asyncio.gather(*racing, return_exceptions=True)
    [loser] = [each for each in answers if isinstance(each, DomainError)]
    assert loser.code == "invalid_transition"
    await transitioned(hub, ref, "processing", actor="whoever still sees new")
    assert (await order_of(hub, ref)).status == "processing"


async def test_o_o10_extreme_values_come_back_as_they_were_given(hub: Any) -> None:
    await make_channel(hub)
    handle = "Mesa #12 - João & Maria"
    session = await opened(
        hub,
        line("FREE", "1", 0, meta=document({"a": {"b": [1, {"c": "ü"}]}})),
        line("DEAR", "1", 99_999_999_999),
        handle_type="mesa",
        handle_ref=handle,
    )
    ref = (await committed(hub, session.session_key, external_ref="x" * 128)).order_ref
    order = await order_of(hub, ref)
    assert (order.total_q, order.external_ref, order.handle_ref) == (99_999_999_999, "x" * 128, handle)
    assert json_format.MessageToDict(order.items[0].meta) == {"a": {"b": [1, {"c": "ü"}]}}


async def test_a_bulk_move_moves_what_it_can_and_says_what_stands_against_the_rest(hub: Any) -> None:
    await make_channel(hub)
    good = [await ordered(hub) for _ in range(3)]
    bad = await ordered(hub)
    await cancelled(hub, bad)
    request = orders_pb2.BulkTransitionOrdersRequest(
        refs=[bad, *good, "ORD-NONE"], status="confirmed", notes="morning", request_id="bulk-1"
    )
    result = (await hub.call(hub.orders.BulkTransitionOrders, request)).result
    assert (result.success_count, result.failure_count, list(result.failed_ids)) == (3, 2, [bad, "ORD-NONE"])
    assert [each.code for each in result.errors] == ["terminal_status", "not_found"]
    assert result.errors[0].message == "O pedido está cancelled, que é definitivo."
    assert json_format.MessageToDict(result.errors[0].context)["current_status"] == "cancelled"
    assert {(await order_of(hub, ref)).status for ref in good} == {"confirmed"}
    assert (await history(hub, good[0]))[-1]["payload"]["reason"] == "morning"
    again = (await hub.call(hub.orders.BulkTransitionOrders, request)).result
    assert again == result
    assert len(await history(hub, good[0])) == 2


async def test_two_bulk_moves_in_opposite_order_do_not_block_each_other(hub: Any) -> None:
    await make_channel(hub)
    refs = [await ordered(hub) for _ in range(10)]

    async def move(order: list[str]) -> int:
        request = orders_pb2.BulkTransitionOrdersRequest(refs=order, status="confirmed")
        return int((await hub.call(hub.orders.BulkTransitionOrders, request)).result.success_count)

    assert sum(await asyncio.gather(*(move(refs[::step]) for step in (1, -1, 1, -1)))) == 10


async def test_a_bulk_assignment_is_on_record_once(hub: Any) -> None:
    await make_channel(hub)
    refs = [await ordered(hub) for _ in range(2)]
    for _ in range(2):
        request = orders_pb2.BulkAssignOrdersRequest(refs=refs, assigned_to="ana", notes="shift")
        assert (await hub.call(hub.orders.BulkAssignOrders, request)).result.success_count == 2
    assert (await order_of(hub, refs[0])).assigned_to == "ana"
    [entry] = await history(hub, refs[0], action=["assigned"])
    assert entry["payload"] == {"assigned_to": "ana", "notes": "shift"}


@pytest.mark.parametrize("refs", [[], ["A", "A"], [f"R{number}" for number in range(101)]])
async def test_a_bulk_takes_one_to_a_hundred_orders_each_once(hub: Any, refs: list[str]) -> None:
    request = orders_pb2.BulkTransitionOrdersRequest(refs=refs, status="confirmed")
    assert isinstance(await refused(hub.call(hub.orders.BulkTransitionOrders, request)), Invalid)


async def test_another_business_finds_no_order_to_change(hub: Any) -> None:
    await make_channel(hub)
    ref = await ordered(hub)
    stranger = hub.token_for(uuid4())
    for method, request in [
        (hub.orders.CancelOrder, orders_pb2.CancelOrderRequest(ref=ref, reason="x")),
        (hub.orders.RefundOrder, orders_pb2.RefundOrderRequest(ref=ref, reason="x", amount_q=1)),
        (hub.orders.UpdateOrder, orders_pb2.UpdateOrderRequest(ref=ref, data=document({"a": 1}))),
        (hub.orders.RecordOrderEvent, orders_pb2.RecordOrderEventRequest(ref=ref, type="x")),
        (hub.orders.ListOrderEvents, orders_pb2.ListOrderEventsRequest(ref=ref)),
    ]:
        assert isinstance(await refused(hub.call(method, request, stranger)), NotFound)


async def test_the_owner_of_history_may_add_to_it_and_read_it_and_no_more(hub: Any) -> None:
    rows = await hub.rows("""
        select privilege_type as name from pg_class c, aclexplode(c.relacl) where c.oid = 'order_events'::regclass
    """)
    names = {row["name"] for row in rows}
    assert {"INSERT", "SELECT"} <= names
    assert not {"UPDATE", "DELETE", "TRUNCATE"} & names
