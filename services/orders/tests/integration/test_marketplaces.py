"""Orders come in from a marketplace: signed, once each, and in whatever order they arrive."""

import asyncio
from typing import Any

import orjson
import pytest
from order_calls import FREE, STOCKED, make_channel, order_of, refused, transitioned
from outbound_calls import Listener, courier, registered
from standardwebhooks import Webhook

from comanda.orders.v1 import marketplaces_pb2 as pb
from comanda.orders.v1 import marketplaces_pb2_grpc, orders_pb2
from kit.errors import Invalid, NotFound, Refused, Unauthenticated
from kit.testing import eventually
from orders.domain.marketplace import TOPIC, signature

ITEMS = [{"externalCode": "PIZZA", "name": "Pizza", "quantity": 2, "unitPrice": 30.0, "totalPrice": 65.5}]
ORDER = {"items": ITEMS, "total": {"deliveryFee": 7.9}, "customer": {"name": "Ana"}}


def said(code: str, **more: Any) -> dict[str, Any]:
    return {"id": f"E-{code}", "fullCode": code, "orderId": "O-1", **more}


def placed() -> dict[str, Any]:
    return said("PLACED", order=ORDER)


def stub(hub: Any) -> Any:
    return marketplaces_pb2_grpc.MarketplaceServiceStub(hub.upstream)


async def connected(hub: Any, config: dict[str, Any] = FREE, **fields: Any) -> Any:
    await make_channel(hub, "ifood", config=config, edit_policy="EDIT_POLICY_LOCKED")
    request = pb.PutMarketplaceRequest(channel_code="ifood", **fields)
    return (await hub.call(stub(hub).PutMarketplace, request)).marketplace


async def sent(hub: Any, at: Any, *events: Any, secret: str = "") -> tuple[int, int]:
    body = orjson.dumps(events[0] if len(events) == 1 else events)
    request = pb.ReceiveMarketplaceEventsRequest(hook=at.hook, signature=signature(secret or at.secret, body))
    request.body.data = body
    answer = await stub(hub).ReceiveMarketplaceEvents(request)  # no credential: only the signature
    return answer.accepted, answer.duplicates


async def ends(hub: Any, count: int) -> dict[str, Any]:
    """Every event by its code, once so many are settled."""

    async def settled() -> Any:
        asked = pb.ListMarketplaceEventsRequest(channel_code="ifood", page_size=100)
        items = (await hub.call(stub(hub).ListMarketplaceEvents, asked)).items
        done = [each for each in items if each.status != "received"]
        return {each.code: each for each in items} if len(done) == len(items) == count else None

    return await eventually(settled)


async def statuses(hub: Any, ref: str) -> list[tuple[str, str]]:
    events = (await hub.call(hub.orders.ListOrderEvents, orders_pb2.ListOrderEventsRequest(ref=ref))).items
    return [(e.payload["new_status"], e.actor_label) for e in events if e.type == "status_changed"]


@pytest.mark.parametrize("config", [FREE, STOCKED])
async def test_a_placed_order_becomes_one_order_however_often_it_is_told(hub: Any, config: dict[str, Any]) -> None:
    at = await connected(hub, config)
    told = await asyncio.gather(*(sent(hub, at, placed()) for _ in range(5)))
    assert sorted(told) == [(0, 1)] * 4 + [(1, 0)]
    other_id = {**placed(), "id": "another"}
    assert await sent(hub, at, other_id) == (1, 0)
    events = await ends(hub, 2)
    assert events["PLACED"].status == "done"
    order = await order_of(hub, events["PLACED"].order_ref)
    assert (order.external_ref, order.channel_code, order.total_q) == ("O-1", "ifood", 2 * 3275 + 790)
    assert order.data["customer"]["name"] == "Ana"
    assert len(await hub.rows("select 1 from orders")) == 1


async def test_statuses_follow_the_map_and_steps_left_out_are_made_up_for(hub: Any) -> None:
    at = await connected(hub)
    await sent(hub, at, placed(), said("CONFIRMED"), said("DISPATCHED"), said("CONCLUDED"), said("KEEPALIVE"))
    events = await ends(hub, 5)
    assert {code: each.status for code, each in events.items() if each.status != "done"} == {"KEEPALIVE": "ignored"}
    walked = await statuses(hub, events["PLACED"].order_ref)
    assert walked == [
        (status, "ifood-webhook") for status in ("confirmed", "ready", "dispatched", "delivered", "completed")
    ]


async def test_events_that_come_before_their_order_wait_for_it_and_late_ones_change_nothing(hub: Any) -> None:
    at = await connected(hub)
    await sent(hub, at, said("DISPATCHED"))
    await sent(hub, at, placed())
    events = await ends(hub, 2)
    ref = events["PLACED"].order_ref
    assert (await order_of(hub, ref)).status == "dispatched"
    await sent(hub, at, said("CONFIRMED"))
    assert (await ends(hub, 3))["CONFIRMED"].status == "done"
    assert (await order_of(hub, ref)).status == "dispatched"


async def test_a_cancellation_keeps_its_reason_and_gives_the_stock_back(hub: Any) -> None:
    at = await connected(hub, STOCKED)
    await sent(hub, at, placed(), said("CANCELLED", metadata={"CANCELLATION_REASON": "sem entregador"}))
    ref = (await ends(hub, 2))["PLACED"].order_ref
    order = await order_of(hub, ref)
    assert (order.status, order.data["cancellation"]["reason"]) == ("cancelled", "sem entregador")
    topics = [row["topic"] for row in await hub.rows("select topic from directives where order_ref = $1", ref)]
    assert "stock.release" in topics


async def test_what_cannot_be_followed_is_shown_and_can_be_tried_again(hub: Any) -> None:
    at = await connected(hub)
    await sent(hub, at, said("PLACED", order={"items": []}))
    event = (await ends(hub, 1))["PLACED"]
    assert (event.status, event.error_code) == ("failed", "invalid_event")
    request = pb.RetryMarketplaceEventRequest(channel_code="ifood", event_id=event.event_id)
    assert (await hub.call(stub(hub).RetryMarketplaceEvent, request)).event.status == "received"
    assert (await ends(hub, 1))["PLACED"].status == "failed"
    request.event_id = "nobody"
    assert type(await refused(hub.call(stub(hub).RetryMarketplaceEvent, request))) is NotFound


async def test_short_stock_is_shown_as_what_stands_in_the_way(hub: Any) -> None:
    hub.stock.available["PIZZA"] = 1
    at = await connected(hub, STOCKED)
    await sent(hub, at, placed())
    event = (await ends(hub, 1))["PLACED"]
    assert (event.status, event.error_code) == ("failed", "blocking_issues")


async def test_only_the_channels_own_secret_signs_and_nobody_learns_which_hooks_there_are(hub: Any) -> None:
    at = await connected(hub)
    body = orjson.dumps(placed())
    requests = [
        pb.ReceiveMarketplaceEventsRequest(hook=at.hook, signature=signature("another secret, 16", body)),
        pb.ReceiveMarketplaceEventsRequest(hook=at.hook),
        pb.ReceiveMarketplaceEventsRequest(hook="mkt-nobody", signature=signature(at.secret, body)),
        pb.ReceiveMarketplaceEventsRequest(hook=at.hook, signature=signature(at.secret, body + b" ")),
    ]
    codes = []
    for request in requests:
        request.body.data = body
        error = await refused(hub.call(stub(hub).ReceiveMarketplaceEvents, request))
        codes.append((type(error), error.code, str(error)))
    assert set(codes) == {(Unauthenticated, "invalid_signature", codes[0][2])}
    assert await hub.rows("select 1 from marketplace_events") == []


async def test_a_secret_is_shown_once_can_be_changed_and_events_can_be_stopped(hub: Any) -> None:
    first = await connected(hub)
    shown = (await hub.call(stub(hub).GetMarketplace, pb.GetMarketplaceRequest(channel_code="ifood"))).marketplace
    assert (bool(first.secret), shown.secret, shown.hook) == (True, "", first.hook)
    change = pb.PutMarketplaceRequest(channel_code="ifood", secret="a secret of our own")
    second = (await hub.call(stub(hub).PutMarketplace, change)).marketplace
    assert (second.secret, second.hook) == ("a secret of our own", first.hook)
    assert await sent(hub, second, said("KEEPALIVE")) == (1, 0)
    with pytest.raises(Exception, match="assinatura"):
        await sent(hub, first, said("OTHER"))
    stop = pb.PutMarketplaceRequest(channel_code="ifood", is_active=False)
    assert (await hub.call(stub(hub).PutMarketplace, stop)).marketplace.secret == ""
    with pytest.raises(Exception, match="ifood"):
        await sent(hub, second, said("OTHER"))


async def test_a_connection_that_cannot_work_is_refused(hub: Any) -> None:
    put = stub(hub).PutMarketplace
    assert type(await refused(hub.call(put, pb.PutMarketplaceRequest(channel_code="nobody")))) is NotFound
    await make_channel(hub, "shop", pricing_policy="PRICING_POLICY_INTERNAL")
    error = await refused(hub.call(put, pb.PutMarketplaceRequest(channel_code="shop")))
    assert (type(error), error.code) == (Invalid, "prices_not_external")
    await connected(hub)
    error = await refused(hub.call(put, pb.PutMarketplaceRequest(channel_code="ifood", status_map={"X": "flying"})))
    assert (error.code, error.context["status"]) == ("unknown_status", "flying")


async def test_an_order_that_was_moved_by_hand_is_not_moved_back(hub: Any) -> None:
    at = await connected(hub)
    await sent(hub, at, placed())
    ref = (await ends(hub, 1))["PLACED"].order_ref
    await transitioned(hub, ref, "cancelled")
    await sent(hub, at, said("DISPATCHED"))
    event = (await ends(hub, 2))["DISPATCHED"]
    assert (event.status, event.error_code) == ("ignored", "invalid_transition")
    error = await refused(transitioned(hub, ref, "dispatched"))
    assert type(error) is Refused


TOLD = {"confirmed": "CONFIRMED", "ready": "READY_TO_PICKUP", "cancelled": "CANCELLED"}


async def told(listener: Listener, count: int) -> list[dict[str, Any]]:
    """What the marketplace's own server was told, in the order of what happened."""

    async def arrived() -> bool:
        return len(listener.at("/ifood")) >= count

    await eventually(arrived)
    return sorted((body["data"] for _, body in listener.at("/ifood")), key=lambda data: data["seq"])


async def test_the_marketplace_is_told_of_what_others_change_and_never_of_its_own(hub: Any, listener: Listener) -> None:
    at = await connected(hub, {"reverse_status_mapping": TOLD})
    address = await registered(hub, listener.url("/ifood"), TOPIC)
    async with courier(hub):
        await sent(hub, at, placed(), said("CONFIRMED"))
        ref = (await ends(hub, 2))["PLACED"].order_ref
        await transitioned(hub, ref, "processing")  # is not on the map
        await transitioned(hub, ref, "ready", reason="packed")
        [ready] = await told(listener, 1)
        await sent(hub, at, said("DISPATCHED"))
        await ends(hub, 3)
    assert (ready["status"], ready["external_ref"], ready["order_ref"]) == ("READY_TO_PICKUP", "O-1", ref)
    assert (ready["order_status"], ready["reason"], ready["channel_code"]) == ("ready", "packed", "ifood")
    [(_, headers, body)] = listener.calls
    assert Webhook(address.secret).verify(body, headers)
    rows = await hub.rows("select payload ->> 'status' as word from directives where topic = $1", TOPIC)
    assert [row["word"] for row in rows] == ["READY_TO_PICKUP"]


async def test_what_follows_from_an_order_by_itself_is_told(hub: Any, listener: Listener) -> None:
    flow = {"auto_transitions": {"on_create": "confirmed"}}
    at = await connected(hub, {"reverse_status_mapping": TOLD, "order_flow": flow})
    await registered(hub, listener.url("/ifood"), TOPIC)
    async with courier(hub):
        await sent(hub, at, placed())
        ref = (await ends(hub, 1))["PLACED"].order_ref
        await transitioned(hub, ref, "cancelled", reason="oven broken")
        confirmed, cancelled = await told(listener, 2)
    assert (confirmed["status"], cancelled["status"], cancelled["reason"]) == ("CONFIRMED", "CANCELLED", "oven broken")


async def test_a_map_names_statuses_of_the_flow(hub: Any) -> None:
    for config in ({"reverse_status_mapping": {"flying": "UP"}}, {"status_mapping": {"UP": "flying"}}):
        error = await refused(make_channel(hub, "bad", config=config))
        assert (error.code, error.context["path"].endswith("flying")) == ("invalid_config", True)
    at = await connected(hub, {"status_mapping": {"HANDED_OVER": "dispatched"}})
    assert dict(at.status_map) == {"HANDED_OVER": "dispatched"}
