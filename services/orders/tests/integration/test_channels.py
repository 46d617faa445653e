"""Channels: what their config asks is done, and orders under way stay on the version they began with (spec 1A.4)."""

import asyncio
import re
from typing import Any

import pytest
from order_calls import FREE, committed, document, line, make_channel, opened, order_of, refused, transitioned

from comanda.orders.v1 import channels_pb2, directives_pb2, orders_pb2
from kit.errors import Invalid, Refused

PDV = {"order_flow": {"transitions": {"new": ["confirmed", "cancelled"], "confirmed": ["completed", "cancelled"]}}}


async def reconfigured(hub: Any, config: dict[str, Any]) -> Any:
    request = channels_pb2.UpdateChannelRequest(code="web", config=document(config))
    return (await hub.call(hub.channels.UpdateChannel, request)).channel


async def ordered(hub: Any) -> str:
    ref: str = (await committed(hub, (await opened(hub, line("A"))).session_key)).order_ref
    return ref


async def history(hub: Any, ref: str) -> list[tuple[int, str]]:
    events = (await hub.call(hub.orders.ListOrderEvents, orders_pb2.ListOrderEventsRequest(ref=ref))).items
    return [(each.seq, each.payload.fields["new_status"].string_value or each.type) for each in events]


async def test_an_order_under_way_stays_on_the_version_that_it_began_with(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    old = await ordered(hub)
    assert (await reconfigured(hub, PDV)).config_version == 2
    assert (await reconfigured(hub, PDV)).config_version == 2
    new = await ordered(hub)
    for ref in (old, new):
        await transitioned(hub, ref, "confirmed")
    await transitioned(hub, old, "processing")
    error = await refused(transitioned(hub, new, "processing"))
    assert (type(error), error.context["allowed_transitions"]) == (Refused, ["completed", "cancelled"])
    assert list((await order_of(hub, old)).allowed_transitions) == ["ready", "cancelled"]


async def test_a_config_that_is_refused_changes_nothing_and_every_unknown_key_is_named(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    error = await refused(reconfigured(hub, {"colour": "red", "size": 1}))
    assert (type(error), error.code, error.context["unknown"]) == (Invalid, "invalid_config", ["colour", "size"])
    assert error.message.startswith("A configuração tem chaves desconhecidas: colour, size. Chaves válidas: checks, ")
    trap = {"order_flow": {"transitions": {"new": ["a", "completed"], "a": ["b"], "b": ["a"]}}}
    error = await refused(reconfigured(hub, trap))
    assert error.message == "order_flow.transitions.a: não há saída para um status final: new → a."
    found = (await hub.call(hub.channels.GetChannel, channels_pb2.GetChannelRequest(code="web"))).channel
    assert (found.config_version, dict(found.config)) == (1, {})


async def test_a_check_that_nobody_would_ever_answer_is_refused(hub: Any) -> None:
    for code, topic in (("credit", ""), ("estoque", "stock.hold"), ("stock", "stock.commit")):
        checks = {code: {"directive_topic": topic}} if topic else {}
        error = await refused(make_channel(hub, config={"required_checks_on_commit": [code], "checks": checks}))
        assert (error.code, error.context["path"]) == ("invalid_config", f"checks.{code}.directive_topic")


async def test_policies_inside_the_config_have_no_effect(hub: Any) -> None:
    channel = await make_channel(hub, config={"pricing_policy": "internal", "edit_policy": "locked"})
    assert (channel.pricing_policy, channel.edit_policy) == (
        channels_pb2.PRICING_POLICY_EXTERNAL,
        channels_pb2.EDIT_POLICY_OPEN,
    )


@pytest.mark.parametrize(
    ("preset", "path"),
    [
        ("pos", ["new", "confirmed", "completed"]),
        ("remote", ["new", "confirmed", "processing", "ready", "dispatched", "delivered", "completed"]),
        ("marketplace", ["new", "confirmed", "ready", "completed"]),
        (
            "order_management",
            ["draft", "pending", "confirmed", "processing", "ready_to_ship", "shipped", "in_transit", "delivered"],
        ),
    ],
)
async def test_an_order_of_every_preset_goes_the_whole_way(hub: Any, preset: str, path: list[str]) -> None:
    await make_channel(hub, config=FREE, preset=preset)
    ref = await ordered(hub)
    order = await order_of(hub, ref)
    assert (order.status, bool(order.status_label)) == (path[0], True)
    for status in path[1:]:
        await transitioned(hub, ref, status)
    assert await history(hub, ref) == list(enumerate(["created", *path[1:]], 1))


async def test_confirming_a_draft_takes_both_steps_and_tells_of_both(hub: Any) -> None:
    await make_channel(hub, config=FREE, preset="order_management")
    ref = await ordered(hub)
    moved = await transitioned(hub, ref, "confirmed")
    assert (moved.previous_status, moved.status) == ("draft", "confirmed")
    assert await history(hub, ref) == [(1, "created"), (2, "pending"), (3, "confirmed")]
    error = await refused(transitioned(hub, ref, "shipped"))
    assert (error.code, error.context["allowed_transitions"]) == ("invalid_transition", ["processing", "cancelled"])


async def test_what_a_channel_wants_told_is_queued_once_with_its_backend(hub: Any) -> None:
    told = {"backend": "email", "on_events": ["order.created", "order.confirmed"]}
    words = {"status_labels": {"confirmed": "Aceito"}, "terminology": {"order": "Venda"}}
    await make_channel(hub, config={"notifications": told, **words})
    ref = await ordered(hub)
    await transitioned(hub, ref, "confirmed")
    await refused(transitioned(hub, ref, "confirmed"))
    await transitioned(hub, ref, "processing")
    request = directives_pb2.ListDirectivesRequest(topic=["notification.send"], order_ref=ref)
    queued = (await hub.call(hub.directives.ListDirectives, request)).items
    assert [each.payload["event"] for each in queued] == ["order.confirmed", "order.created"]
    assert {each.payload["backend"] for each in queued} == {"email"}
    assert dict(queued[0].payload["context"]) == {"status": "confirmed", "status_label": "Aceito", "called": "Venda"}
    entries = (await hub.call(hub.orders.ListOrderEvents, orders_pb2.ListOrderEventsRequest(ref=ref))).items
    assert entries[1].description == "Status do pedido mudou de new para Aceito"


async def test_o_o12_an_order_of_a_locked_channel_still_changes_status(hub: Any) -> None:
    await make_channel(hub, config=FREE, edit_policy="EDIT_POLICY_LOCKED")
    assert (await transitioned(hub, await ordered(hub), "confirmed")).status == "confirmed"


async def test_m_4_refs_are_counted_by_prefix_and_day_where_a_channel_asks_for_it(hub: Any) -> None:
    await make_channel(hub, config={"order_refs": {"prefix": "EC"}})
    await make_channel(hub, code="shop", config={"order_refs": {"prefix": "RT", "digits": 3}})
    keys = [(await opened(hub, line("A"))).session_key for _ in range(8)]
    made = await asyncio.gather(*(committed(hub, key) for key in keys))
    assert sorted(each.order_ref[-6:] for each in made) == [f"-{number:05}" for number in range(1, 9)]
    assert {each.order_ref[:3] for each in made} == {"EC-"}
    other = await committed(hub, (await opened(hub, line("A"), channel="shop")).session_key, channel="shop")
    assert re.fullmatch(r"RT-\d{8}-001", other.order_ref)


@pytest.mark.parametrize("refs", [{"prefix": "ORD"}, {"prefix": "ec"}, {"digits": 5}, {"prefix": "EC", "digits": 2}])
async def test_a_prefix_that_could_be_taken_for_another_is_refused(hub: Any, refs: dict[str, Any]) -> None:
    assert (await refused(make_channel(hub, config={"order_refs": refs}))).code == "invalid_config"


async def test_channels_are_listed_by_their_place_and_then_by_age_page_by_page(hub: Any) -> None:
    for code, place in (("zoo", 1), ("bar", 0), ("app", 1), ("ant", 0)):
        await make_channel(hub, code, FREE, display_order=place)
    found, token = list[str](), ""
    while not found or token:
        request = channels_pb2.ListChannelsRequest(page_size=1, page_token=token)
        page = await hub.call(hub.channels.ListChannels, request)
        found, token = [*found, *(each.code for each in page.items)], page.next_page_token
    assert found == ["bar", "ant", "zoo", "app"]
