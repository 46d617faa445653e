"""Webhooks on a real HTTP server: signed, tried each for itself, sent again, and never into the house."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.protobuf import json_format
from order_calls import refused
from outbound_calls import (
    Listener,
    asked,
    courier,
    deliveries,
    delivery,
    directive,
    due_now,
    endpoint,
    registered,
    stub,
)
from standardwebhooks import Webhook, WebhookVerificationError

from comanda.orders.v1 import directives_pb2, webhooks_pb2
from comanda.sales.events.v1 import sales_pb2 as sales
from kit import outbox
from kit.db import Tx
from kit.errors import Invalid, NotFound
from kit.testing import eventually


async def test_work_without_an_owner_goes_to_every_address_that_wants_it_signed(hub: Any, listener: Listener) -> None:
    one = await registered(hub, listener.url("/one"), "kitchen.print", "delivery.dispatch")
    await registered(hub, listener.url("/all"), "*")
    await registered(hub, listener.url("/other"), "kitchen.clean")
    async with courier(hub):
        identifier = await asked(hub, "kitchen.print", {"order_ref": "ORD-1", "copies": 2})
        await directive(hub, identifier, "done")
    [(headers, body)], [(_, same)] = listener.at("/one"), listener.at("/all")
    assert listener.at("/other") == []
    assert (body["id"], body["type"], body["data"]) == (
        identifier,
        "kitchen.print",
        {"order_ref": "ORD-1", "copies": 2},
    )
    assert (same["id"], headers["webhook-id"]) == (identifier, identifier)
    assert body["delivery_id"] == headers["comanda-delivery-id"] != same["delivery_id"]
    raw = next(body for path, _, body in listener.calls if path == "/one")
    assert Webhook(one.secret).verify(raw, headers)["id"] == identifier
    with pytest.raises(WebhookVerificationError):
        Webhook(one.secret).verify(raw.replace(b"ORD-1", b"ORD-2"), headers)


async def test_one_dead_address_does_not_keep_another_from_its_call_and_each_is_tried_for_itself(
    hub: Any, listener: Listener
) -> None:
    listener.answers["/bad"] = 503
    for path in ("/bad", "/good"):
        await registered(hub, listener.url(path), "delivery.dispatch")
    async with courier(hub):
        identifier = await asked(hub, "delivery.dispatch", {"order_ref": "ORD-1"})
        for attempt in range(1, 5):
            found = await directive(hub, identifier, "queued", attempts=attempt)
            assert (found.error_code, found.last_error) == ("bad_status", "answered with 503")
            await due_now(hub)
        await directive(hub, identifier, "failed", attempts=5)
        assert (len(listener.at("/bad")), len(listener.at("/good"))) == (5, 1)
        assert {each["id"] for _, each in listener.at("/bad")} == {identifier}
        listener.answers.clear()
        await hub.call(hub.directives.RetryDirective, directives_pb2.RetryDirectiveRequest(id=identifier))
        await directive(hub, identifier, "done")
    assert (len(listener.at("/bad")), len(listener.at("/good"))) == (6, 1)


async def test_a_delivery_is_sent_again_by_hand_even_when_it_had_arrived(hub: Any, listener: Listener) -> None:
    made = await registered(hub, listener.url("/a"), "x.y")
    async with courier(hub):
        identifier = await asked(hub, "x.y", {})
        await directive(hub, identifier, "done")
        [sent] = await deliveries(hub, identifier)
        again = webhooks_pb2.RedeliverDeliveryRequest(id=sent.id)
        await hub.call(stub(hub).RedeliverDelivery, again)

        async def twice() -> bool:
            return len((await delivery(hub, sent.id)).log) == 2

        await eventually(twice)
        assert len(listener.at("/a")) == 2
        await directive(hub, identifier, "done")
        await hub.call(stub(hub).DeleteWebhookEndpoint, webhooks_pb2.DeleteWebhookEndpointRequest(id=made.id))
        assert (await refused(hub.call(stub(hub).RedeliverDelivery, again))).code == "endpoint_gone"


async def test_debts_and_days_of_sales_are_told_to_the_addresses_that_want_it_and_kept_for_nobody(
    hub: Any, listener: Listener
) -> None:
    await registered(hub, listener.url("/debts"), "payment.reminder")
    debt = sales.PaymentReminderDue(sale_id="s", customer_id="c", currency="BRL", amount_due_q=1500, stage="overdue")
    other = uuid4()

    async def tell(tx: Tx, _: Any) -> None:
        for business in (hub.business, other):
            outbox.add(tx, "sale/s", debt, sales.DayEnded(storefront="centro"), business=business)

    await hub.process.database.run(tell)
    async with courier(hub):

        async def known() -> bool:
            handled = await hub.rows("select from inbox where consumer ~ 'PaymentReminderDue|DayEnded'")
            return bool(listener.at("/debts")) and len(handled) == 4

        await eventually(known, 60)
    [(_, body)] = listener.at("/debts")
    assert (body["type"], body["business_id"]) == ("payment.reminder", str(hub.business))
    assert (body["data"]["amount_due_q"], body["data"]["stage"], body["data"]["customer_id"]) == (1500, "overdue", "c")
    assert [row["topic"] for row in await hub.rows("select topic from directives")] == ["payment.reminder"]


async def test_work_waits_for_an_address_and_goes_when_there_is_one(hub: Any, listener: Listener) -> None:
    async with courier(hub):
        identifier = await asked(hub, "x.y", {"n": 1})
        await registered(hub, listener.url("/else"), "a.b")
        assert (await directive(hub, identifier, "queued")).attempts == 0
        await registered(hub, listener.url("/here"), "x.y")
        await directive(hub, identifier, "done")
    assert [body["data"] for _, body in listener.at("/here")] == [{"n": 1}]


async def test_work_for_later_is_sent_when_it_is_due_and_not_when_it_was_cancelled(
    hub: Any, listener: Listener
) -> None:
    await registered(hub, listener.url("/a"), "x.y")
    due = datetime.now(UTC) + timedelta(hours=1)
    async with courier(hub):
        first, second = [await asked(hub, "x.y", {"n": n}, available_at=due) for n in (1, 2)]
        await hub.call(hub.directives.CancelDirective, directives_pb2.CancelDirectiveRequest(id=second))
        assert (await directive(hub, first, "queued")).attempts == 0
        await due_now(hub)
        await directive(hub, first, "done")
    assert [body["data"]["n"] for _, body in listener.at("/a")] == [1]
    [sent] = await deliveries(hub, second)
    assert sent.status == "cancelled"


async def test_what_is_cancelled_behind_the_back_of_its_deliveries_is_not_sent_either(
    hub: Any, listener: Listener
) -> None:
    await registered(hub, listener.url("/a"), "x.y")
    one, other = [await asked(hub, "x.y", {"n": n}) for n in (1, 2)]
    await hub.rows("update directives set status = 'cancelled' where id = $1", UUID(one))
    async with courier(hub):
        await directive(hub, other, "done")
    assert [body["data"]["n"] for _, body in listener.at("/a")] == [2]
    assert [(each.status, each.attempts) for each in await deliveries(hub, one)] == [("cancelled", 0)]


async def test_a_flooded_and_dead_address_of_one_business_does_not_slow_another(hub: Any, listener: Listener) -> None:
    listener.silent.add("/dead")
    await registered(hub, listener.url("/dead"), "x.y")
    other = uuid4()
    await registered(hub, listener.url("/alive"), "x.y", business=other)
    async with courier(hub):
        await asked(hub, "x.y", {})
        await hub.rows("""
            insert into deliveries (business_id, id, directive_id, endpoint_id, topic, kind, lane, status, due_at, created_at,
                updated_at)
            select d.business_id, uuidv7(), d.directive_id, d.endpoint_id, d.topic, d.kind, d.lane, 'queued', now(), now(), now()
            from deliveries d, generate_series(1, 20000)
        """)

        async def flooded() -> bool:
            return len(listener.at("/dead")) >= 4

        await eventually(flooded)
        token = hub.token_for(other)
        started = time.monotonic()
        mine = [await asked(hub, "x.y", {"n": n}, token=token) for n in range(20)]
        for identifier in mine:
            await directive(hub, identifier, "done", token=token)
        assert time.monotonic() - started < 5
        [row] = await hub.rows("select count(*) as count from deliveries where status = 'sending'")
        assert row["count"] <= 4
    assert len(listener.at("/alive")) == 20


async def test_what_a_dead_courier_had_under_way_is_sent_by_another_when_its_lease_is_over(
    hub: Any, listener: Listener
) -> None:
    listener.silent.add("/a")
    await registered(hub, listener.url("/a"), "x.y")
    async with courier(hub):
        identifier = await asked(hub, "x.y", {})

        async def called() -> bool:
            return bool(listener.at("/a"))

        await eventually(called)
        assert (await directive(hub, identifier, "running")).attempts == 1
    listener.silent.clear()
    async with courier(hub):
        await hub.rows("update deliveries set due_at = now() - interval '1 second' where status = 'sending'")
        await directive(hub, identifier, "done", attempts=2)
    assert {body["id"] for _, body in listener.at("/a")} == {identifier}


async def test_ten_couriers_at_once_send_everything_once(hub: Any, listener: Listener) -> None:
    await registered(hub, listener.url("/a"), "x.y")
    mine = [await asked(hub, "x.y", {"n": n}) for n in range(30)]
    async with courier(hub), courier(hub), courier(hub), courier(hub):
        for identifier in mine:
            await directive(hub, identifier, "done")
    assert sorted(body["data"]["n"] for _, body in listener.at("/a")) == list(range(30))


async def test_an_address_that_is_gone_is_not_called_again(hub: Any, listener: Listener) -> None:
    listener.answers["/a"] = 410
    await registered(hub, listener.url("/a"), "x.y")
    async with courier(hub):
        found = await directive(hub, await asked(hub, "x.y", {}), "failed")
    assert (found.error_code, found.attempts, len(listener.at("/a"))) == ("gone", 1, 1)


async def test_a_redirection_is_not_followed(hub: Any, listener: Listener) -> None:
    listener.answers["/a"] = 302
    await registered(hub, listener.url("/a"), "x.y")
    async with courier(hub):
        found = await directive(hub, await asked(hub, "x.y", {}), "queued", attempts=1)
    assert found.last_error == "answered with 302"


async def test_a_private_address_is_neither_registered_nor_called(hub: Any, listener: Listener) -> None:
    for url in (listener.url("/a"), f"http://127.0.0.1:{listener.port}/", "http://[::1]/", "http://169.254.169.254/"):
        refusal = await refused(endpoint(hub, url, "x.y"))
        assert isinstance(refusal, Invalid)
        assert refusal.code == "private_address"
    assert (await refused(endpoint(hub, "ftp://8.8.8.8/", "x.y"))).code == "invalid_url"
    made = await registered(hub, listener.url("/a"), "x.y")
    change = webhooks_pb2.UpdateWebhookEndpointRequest(id=made.id, url="http://10.0.0.1/")
    assert (await refused(hub.call(stub(hub).UpdateWebhookEndpoint, change))).code == "private_address"
    async with courier(hub, allow_private=False):
        found = await directive(hub, await asked(hub, "x.y", {}), "failed")
    assert (found.error_code, found.attempts, listener.calls) == ("private_address", 1, [])


async def test_a_secret_is_shown_once_and_a_new_one_takes_its_place(hub: Any, listener: Listener) -> None:
    made = await registered(hub, listener.url("/a"), "x.y")
    assert made.secret.startswith("whsec_")
    read = (await hub.call(stub(hub).GetWebhookEndpoint, webhooks_pb2.GetWebhookEndpointRequest(id=made.id))).endpoint
    listed = (await hub.call(stub(hub).ListWebhookEndpoints, webhooks_pb2.ListWebhookEndpointsRequest())).items
    change = webhooks_pb2.UpdateWebhookEndpointRequest(id=made.id, description="kitchen", topics=["x.y", "a.b"])
    changed = (await hub.call(stub(hub).UpdateWebhookEndpoint, change)).endpoint
    assert [each.secret for each in (read, *listed, changed)] == ["", "", ""]
    assert (changed.description, list(changed.topics), changed.is_active) == ("kitchen", ["x.y", "a.b"], True)
    rotate = webhooks_pb2.RotateWebhookSecretRequest(id=made.id)
    fresh = (await hub.call(stub(hub).RotateWebhookSecret, rotate)).endpoint.secret
    assert fresh != made.secret
    async with courier(hub):
        await directive(hub, await asked(hub, "x.y", {}), "done")
    _, headers, body = listener.calls[0]
    Webhook(fresh).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(made.secret).verify(body, headers)


async def test_an_address_that_is_switched_off_gets_nothing_new_and_a_removed_one_nothing_at_all(
    hub: Any, listener: Listener
) -> None:
    made = await registered(hub, listener.url("/a"), "x.y")
    first = await asked(hub, "x.y", {"n": 1})
    change = webhooks_pb2.UpdateWebhookEndpointRequest(id=made.id, is_active=False)
    await hub.call(stub(hub).UpdateWebhookEndpoint, change)
    second = await asked(hub, "x.y", {"n": 2})
    assert (len(await deliveries(hub, first)), len(await deliveries(hub, second))) == (1, 0)
    await hub.call(stub(hub).DeleteWebhookEndpoint, webhooks_pb2.DeleteWebhookEndpointRequest(id=made.id))
    assert [each.status for each in await deliveries(hub, first)] == ["cancelled"]
    async with courier(hub):
        await registered(hub, listener.url("/b"), "x.y")
        for identifier in (first, second):
            await directive(hub, identifier, "done")
    assert sorted(body["data"]["n"] for _, body in listener.at("/b")) == [1, 2]
    assert listener.at("/a") == []


async def test_another_business_sees_no_address_and_no_delivery(hub: Any, listener: Listener) -> None:
    made = await registered(hub, listener.url("/a"), "*")
    stranger = hub.token_for(uuid4())
    mine = await asked(hub, "x.y", {})
    theirs = await asked(hub, "x.y", {}, token=stranger)
    [sent] = await deliveries(hub, mine)
    assert [row["directive_id"] for row in await hub.rows("select directive_id from deliveries")] == [UUID(mine)]
    assert theirs
    for method, request in [
        (stub(hub).GetWebhookEndpoint, webhooks_pb2.GetWebhookEndpointRequest(id=made.id)),
        (stub(hub).UpdateWebhookEndpoint, webhooks_pb2.UpdateWebhookEndpointRequest(id=made.id, description="x")),
        (stub(hub).RotateWebhookSecret, webhooks_pb2.RotateWebhookSecretRequest(id=made.id)),
        (stub(hub).DeleteWebhookEndpoint, webhooks_pb2.DeleteWebhookEndpointRequest(id=made.id)),
        (stub(hub).GetDelivery, webhooks_pb2.GetDeliveryRequest(id=sent.id)),
        (stub(hub).RedeliverDelivery, webhooks_pb2.RedeliverDeliveryRequest(id=sent.id)),
    ]:
        assert isinstance(await refused(hub.call(method, request, stranger)), NotFound)
    listed = await hub.call(stub(hub).ListDeliveries, webhooks_pb2.ListDeliveriesRequest(), stranger)
    assert json_format.MessageToDict(listed) == {}
