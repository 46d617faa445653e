"""The acceptance cases of commits and flows, by their numbers (O-C4 to O-C12, O-O2 to O-O7)."""

from typing import Any

import pytest
from order_calls import (
    FREE,
    STOCKED,
    committed,
    line,
    make_channel,
    modified,
    op,
    opened,
    order_of,
    refused,
    transitioned,
)

from comanda.orders.v1 import channels_pb2, directives_pb2, sessions_pb2
from kit.errors import NotFound, Refused
from kit.testing import eventually

IFOOD = {
    "order_flow": {
        "transitions": {
            "new": ["confirmed", "cancelled"],
            "confirmed": ["processing"],
            "processing": ["ready", "cancelled"],
            "ready": ["dispatched"],
            "dispatched": ["delivered"],
            "delivered": ["completed", "returned"],
            "returned": ["completed"],
        }
    }
}
PDV = {"order_flow": {"transitions": {"new": ["confirmed", "cancelled"], "confirmed": ["completed", "cancelled"]}}}
STAMPS = ("confirmed", "processing", "ready", "dispatched", "delivered", "completed", "cancelled", "returned")


async def ordered(hub: Any, config: dict[str, Any], **fields: Any) -> str:
    await make_channel(hub, config=config)
    ref: str = (await committed(hub, (await opened(hub, line("A"))).session_key, **fields)).order_ref
    return ref


async def moved(hub: Any, ref: str, *statuses: str) -> Any:
    for status in statuses:
        await transitioned(hub, ref, status)
    return await order_of(hub, ref)


def stamped(order: Any) -> set[str]:
    return {status for status in STAMPS if order.HasField(f"{status}_at")}


async def test_o_c4_what_can_be_no_order_has_its_code(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    empty, left = [(await opened(hub)).session_key for _ in range(2)]
    await hub.call(hub.sessions.AbandonSession, sessions_pb2.AbandonSessionRequest(session_key=left))
    for key, kind, code in (
        (empty, Refused, "empty_session"),
        (left, Refused, "abandoned"),
        ("NO", NotFound, "not_found"),
    ):
        error = await refused(committed(hub, key))
        assert (type(error), error.code) == (kind, code)


async def test_o_c5_a_key_answers_the_same_again_and_is_another_in_another_channel(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    await make_channel(hub, code="pos", config=FREE)
    key, other = (await opened(hub, line("A"))).session_key, (await opened(hub, line("A"), channel="pos")).session_key
    first, again = [await committed(hub, key, "K") for _ in range(2)]
    assert first == again
    assert (first.status, first.total_q, first.items_count) == ("committed", 100, 1)
    assert (await committed(hub, other, "K", channel="pos")).status == "committed"
    assert len(await hub.rows("select 1 from orders")) == 2


async def test_o_c6_another_key_finds_the_order_and_says_when_it_is_gone(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    key = (await opened(hub, line("A"))).session_key
    first, second = [await committed(hub, key, token) for token in ("K1", "K2")]
    assert (second.order_ref, second.status) == (first.order_ref, "already_committed")
    await hub.rows("delete from orders where ref = $1", first.order_ref)
    assert (await refused(committed(hub, key, "K3"))).code == "already_committed"


async def test_o_c9_a_committed_session_knows_its_order_and_the_order_its_session(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    table = {"handle_type": "table", "handle_ref": "Mesa #12 - João & Maria"}
    key = (await opened(hub, line("A"), **table)).session_key
    made = await committed(hub, key, "K", external_ref="x" * 128)
    session = (await hub.call(hub.sessions.GetSession, sessions_pb2.GetSessionRequest(session_key=key))).session
    assert (session.state, session.commit_token) == (sessions_pb2.SESSION_STATE_COMMITTED, "K")
    assert (session.order_ref, session.HasField("committed_at")) == (made.order_ref, True)
    order = await order_of(hub, made.order_ref)
    assert (order.session_key, order.handle_type, order.handle_ref) == (key, *table.values())
    assert (order.status, order.external_ref) == ("new", "x" * 128)


async def test_o_c10_the_work_after_a_commit_knows_what_was_held(hub: Any) -> None:
    await make_channel(hub, config={**STOCKED, "post_commit_directives": ["stock.commit", "loyalty.count"]})
    key = (await opened(hub, line("A"))).session_key
    ref = (await committed(hub, key)).order_ref
    queued = await hub.call(hub.directives.ListDirectives, directives_pb2.ListDirectivesRequest(order_ref=ref))
    work = {each.topic: each.payload for each in queued.items}
    assert set(work) == {"stock.commit", "loyalty.count"}
    for payload in work.values():
        assert [payload[name] for name in ("order_ref", "channel_code", "session_key")] == [ref, "web", key]
    assert [hold["sku"] for hold in work["stock.commit"]["holds"]] == ["A"]
    assert "holds" not in work["loyalty.count"]


async def test_o_c11_the_snapshot_is_the_session_of_the_commit_for_ever(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    key = (await opened(hub)).session_key
    await modified(hub, key, line("A", "2", 333, line_id="1"))
    await modified(hub, key, line("B"))
    await modified(hub, key, op("set_qty", line_id="1", qty="3"))
    ref = (await committed(hub, key)).order_ref
    before = (await order_of(hub, ref)).snapshot
    assert (before["rev"], before["_v"], before["pricing"]["total_q"]) == (3, 1, 1099)
    assert [(item["sku"], item["qty"]) for item in before["items"]] == [("A", "3.000"), ("B", "1.000")]
    request = channels_pb2.UpdateChannelRequest(code="web", name="other")
    await hub.call(hub.channels.UpdateChannel, request)
    await transitioned(hub, ref, "confirmed")
    assert (await order_of(hub, ref)).snapshot == before


async def test_o_c12_a_validator_of_the_commit_leaves_session_and_key_as_they_were(hub: Any) -> None:
    await make_channel(hub, config={"rules": {"required_data": ["customer.phone"]}})
    key = (await opened(hub, line("A"))).session_key
    error = await refused(committed(hub, key, "K"))
    assert (error.code, error.context) == ("missing_data", {"path": "customer.phone"})
    phone = op("set_data", path="customer.phone")
    phone.value.string_value = "11 5555"
    await modified(hub, key, phone)
    assert (await committed(hub, key, "K")).status == "committed"


async def test_o_o2_nothing_follows_what_is_final(hub: Any) -> None:
    ref = await ordered(hub, FREE)
    await moved(hub, ref, "cancelled")
    error = await refused(transitioned(hub, ref, "confirmed"))
    assert (error.code, error.context) == (
        "terminal_status",
        {"current_status": "cancelled", "requested_status": "confirmed"},
    )


async def test_o_o3_a_time_that_has_not_come_is_none_and_one_that_has_stays(hub: Any) -> None:
    ref = await ordered(hub, FREE)
    assert stamped(await order_of(hub, ref)) == set()
    await hub.rows("update orders set confirmed_at = now() - interval '1 hour' where ref = $1", ref)
    before = (await order_of(hub, ref)).confirmed_at
    order = await moved(hub, ref, "confirmed", "processing", "ready")
    assert order.confirmed_at == before
    assert order.ready_at.ToDatetime() >= order.processing_at.ToDatetime()
    assert stamped(order) == {"confirmed", "processing", "ready"}


async def test_o_o4_a_marketplaces_order_goes_its_own_way(hub: Any) -> None:
    ref = await ordered(hub, IFOOD, external_ref="IFOOD-77")
    assert (await refused(transitioned(hub, ref, "processing"))).code == "invalid_transition"
    await moved(hub, ref, "confirmed")
    assert (await refused(transitioned(hub, ref, "ready"))).code == "invalid_transition"
    order = await moved(hub, ref, "processing", "ready", "dispatched", "delivered", "completed")
    assert (stamped(order), order.external_ref) == (set(STAMPS) - {"cancelled", "returned"}, "IFOOD-77")


@pytest.mark.parametrize("path", [["cancelled"], ["confirmed", "processing", "cancelled"]])
async def test_o_o4_it_is_cancelled_where_its_flow_says(hub: Any, path: list[str]) -> None:
    assert "cancelled" in stamped(await moved(hub, await ordered(hub, IFOOD), *path))


async def test_o_o4_it_comes_back_after_the_delivery(hub: Any) -> None:
    path = ["confirmed", "processing", "ready", "dispatched", "delivered", "returned", "completed"]
    assert {"returned", "completed"} <= stamped(await moved(hub, await ordered(hub, IFOOD), *path))


async def test_o_o5_what_is_fetched_is_never_dispatched(hub: Any) -> None:
    order = await moved(hub, await ordered(hub, FREE), "confirmed", "processing", "ready", "completed")
    assert stamped(order) == {"confirmed", "processing", "ready", "completed"}


async def test_o_o5_what_is_not_paid_in_time_is_cancelled_by_whoever_says_so(hub: Any) -> None:
    ref = await ordered(hub, FREE)
    await transitioned(hub, ref, "cancelled", actor="payment-timeout", reason="not paid")

    async def released() -> bool:
        statement = "select 1 from directives where topic = 'stock.release' and order_ref = $1 and status = 'done'"
        return bool(await hub.rows(statement, ref))

    await eventually(released)
    [row] = await hub.rows("select actor_label from order_events where type = 'status_changed' and order_ref = $1", ref)
    assert row["actor_label"] == "payment-timeout"


async def test_o_o6_a_quick_sale_at_the_till_has_two_steps(hub: Any) -> None:
    ref = await ordered(hub, PDV)
    await moved(hub, ref, "confirmed")
    error = await refused(transitioned(hub, ref, "processing"))
    assert error.context["allowed_transitions"] == ["completed", "cancelled"]
    assert (await moved(hub, ref, "completed")).status == "completed"


@pytest.mark.parametrize("config", [FREE, {"order_flow": {}}, {"order_flow": {"transitions": {}}}])
async def test_o_o7_without_a_map_of_its_own_a_channel_has_the_default(hub: Any, config: dict[str, Any]) -> None:
    order = await order_of(hub, await ordered(hub, config))
    assert (order.status, list(order.allowed_transitions)) == ("new", ["confirmed", "cancelled"])
