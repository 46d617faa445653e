"""A provider outside that loses answers, is not there, and tells things twice, late, and in another order: all is done once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.api.httpbody_pb2 import HttpBody
from nats.aio.client import Client

from comanda.sales.directives.v1 import directives_pb2
from comanda.sales.events.v1 import payments_pb2 as events
from comanda.sales.v1 import payments_pb2 as pb
from comanda.sales.v1 import payments_pb2_grpc
from comanda.types.v1 import messaging_pb2
from kit import client, streams
from kit.errors import Invalid, Refused, Unauthenticated, Unavailable
from kit.ids import uuid7
from kit.testing import eventually

from . import acquirer
from .acquirer import SECRET, Acquirer, signed
from .counter import Counter
from .counter import opened as opened_shop

Status, State = pb.PaymentIntentStatus, pb.PaymentOperationState
SECONDS = 60.0


@pytest.fixture
async def provider(unused_tcp_port_factory: Callable[[], int]) -> AsyncIterator[Acquirer]:
    """The provider outside."""
    async with acquirer.running(unused_tcp_port_factory()) as found:
        yield found


@pytest.fixture
def more_settings(provider: Acquirer) -> dict[str, str]:
    """The service is connected to it."""
    return {"payment_url": provider.url, "payment_key": "sk_1", "payment_webhook_secret": SECRET}


async def opened(service: Any, token: str, **fields: Any) -> pb.PaymentIntent:
    request = pb.CreatePaymentIntentRequest(amount_q=5000, provider="online", **fields)
    made: pb.PaymentIntent = (await service.call(service.intents.CreatePaymentIntent, request, token)).payment_intent
    return made


async def capture(service: Any, token: str, intent: pb.PaymentIntent, **fields: Any) -> Any:
    request = pb.CapturePaymentIntentRequest(id=intent.id, **fields)
    return await service.call(service.intents.CapturePaymentIntent, request, token)


async def refund(service: Any, token: str, intent: pb.PaymentIntent, amount_q: int) -> Any:
    request = pb.RefundPaymentIntentRequest(id=intent.id, amount_q=amount_q, reason="wrong size")
    return await service.call(service.intents.RefundPaymentIntent, request, token)


async def intent_of(service: Any, token: str, intent: Any) -> pb.PaymentIntent:
    request = pb.GetPaymentIntentRequest(id=intent.id)
    found: pb.PaymentIntent = (await service.call(service.intents.GetPaymentIntent, request, token)).payment_intent
    return found


async def told(service: Any, sent: dict[str, Any]) -> bool:
    said = {**sent, "body": HttpBody(content_type="application/json", data=sent["body"])}
    answer = await service.call(service.intents.ReceivePaymentEvent, pb.ReceivePaymentEventRequest(**said))
    return bool(answer.accepted)


async def stands(service: Any, token: str, intent: Any, captured_q: int, refunded_q: int) -> pb.PaymentIntent:
    """Waits until nothing is open any more and so much was taken and given back."""

    async def reached() -> Any:
        found = await intent_of(service, token, intent)
        still = any(each.state < State.PAYMENT_OPERATION_STATE_DONE for each in found.operations)
        return not still and (found.captured_q, found.refunded_q) == (captured_q, refunded_q) and found

    found: Any = await eventually(reached, SECONDS)
    return found


async def events_of(service: Any, event: Any, intent: Any) -> list[int]:
    return [each.amount_q for _, each in await service.published(event) if each.intent_id == intent.id]


async def test_whatever_gets_lost_on_the_way_the_provider_does_each_thing_once(
    service: Any, provider: Acquirer
) -> None:
    token = (await service.tenant()).token()
    provider.lossy = 1
    intent = await opened(service, token)
    intent = await stands(service, token, intent, 0, 0)
    assert (intent.status, intent.provider_ref) == (
        Status.PAYMENT_INTENT_STATUS_AUTHORIZED,
        f"pi_{intent.id}",
    )
    assert intent.client_secret == f"pi_{intent.id}_secret"
    provider.deaf, provider.lossy = 2, 2
    await capture(service, token, intent, amount_q=3000)
    await stands(service, token, intent, 3000, 0)
    provider.lossy = 1
    asked = [refund(service, token, intent, 1000) for _ in range(4)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(each, Refused) and each.code == "exceeds_captured" for each in answers) == 1
    found = await stands(service, token, intent, 3000, 3000)
    assert found.status == Status.PAYMENT_INTENT_STATUS_REFUNDED
    assert provider.done == ["open", "capture", "refund", "refund", "refund"]
    assert max(each.attempts for each in found.operations) > 2
    assert len({each.transaction_id for each in found.operations}) == 5

    async def published() -> bool:
        return len(await events_of(service, events.PaymentRefunded, intent)) == 3

    await eventually(published, SECONDS)
    assert await events_of(service, events.PaymentCaptured, intent) == [3000]


async def test_a_declined_payment_says_why_and_may_be_tried_again(service: Any, provider: Acquirer) -> None:
    token = (await service.tenant()).token()
    intent = await opened(service, token)
    provider.declines = True
    declined = await capture(service, token, intent)
    assert not declined.success
    assert (declined.operation.state, declined.operation.error_code, declined.operation.error) == (
        State.PAYMENT_OPERATION_STATE_FAILED,
        "payment_declined",
        "the card is stolen",
    )
    provider.declines = False
    taken = await capture(service, token, intent)
    assert (taken.success, taken.amount_q) == (True, 5000)
    assert taken.transaction_id == next(
        each["transaction_id"]
        for each in provider.operations.values()
        if each["kind"] == "capture" and each["state"] == "done"
    )


async def test_events_that_come_twice_late_and_in_another_order_change_nothing_wrongly(
    service: Any, provider: Acquirer
) -> None:
    token = (await service.tenant()).token()
    provider.patient = True
    intent = await opened(service, token, method="PAYMENT_METHOD_PIX")
    assert intent.status == Status.PAYMENT_INTENT_STATUS_REQUIRES_ACTION
    early = signed(provider.intents[intent.provider_ref])
    provider.pay(intent.provider_ref)
    paid = signed(provider.intents[intent.provider_ref])
    for forged in (
        signed(provider.intents[intent.provider_ref], "whsec_QUJDREVGR0hJSktMTU5PUA=="),
        {**paid, "body": early["body"]},
    ):
        with pytest.raises(Unauthenticated, match="invalid_signature"):
            await told(service, forged)
    with pytest.raises(Invalid, match="invalid_event"):
        await told(service, signed({"reference": "pi_1"}))
    assert not await told(service, signed({"reference": str(uuid4()), "business": str(uuid4())}))
    assert (await intent_of(service, token, intent)).captured_q == 0
    for each in (paid, early, paid):
        assert await told(service, each)
    await stands(service, token, intent, 5000, 0)
    assert (await refund(service, token, intent, 5000)).success
    for each in (early, paid):
        assert await told(service, each)

    async def looked_at() -> bool:
        return not await service.rows("select from payment_intents where look_at is not null")

    await eventually(looked_at, SECONDS)
    await stands(service, token, intent, 5000, 5000)
    assert await events_of(service, events.PaymentCaptured, intent) == [5000]
    assert await events_of(service, events.PaymentRefunded, intent) == [5000]


async def test_a_directive_is_told_once_its_provider_has_answered_whichever_attempt_waits(
    service: Any, provider: Acquirer, nats: Client, stream_prefix: str
) -> None:
    tenant = await service.tenant()
    intent = await opened(service, tenant.token())
    directive_id = str(uuid7())
    provider.hangs = asyncio.Event()

    async def send(attempt: int) -> None:
        message = directives_pb2.CapturePayment(order_ref="ORD-1", intent_id=intent.id, amount_q=5000, currency="BRL")
        envelope = messaging_pb2.Envelope(
            id=f"{directive_id}.{attempt}", type=message.DESCRIPTOR.full_name, business_id=str(tenant.id),
            aggregate="directive/ORD-1", payload=message.SerializeToString(),
        )  # fmt: skip
        envelope.occurred_at.GetCurrentTime()
        envelope.dispatch.directive_id, envelope.dispatch.attempt = directive_id, attempt
        await nats.jetstream().publish(streams.subject(stream_prefix, envelope), envelope.SerializeToString())

    async def attempt_that_waits() -> Any:
        return await service.rows(
            "select from payment_operations where directive_id = $1 and directive_attempt = 2", directive_id
        )

    await send(1)

    async def asked() -> bool:
        return "capture" in provider.done

    await eventually(asked, SECONDS)
    await send(2)
    await eventually(attempt_that_waits, SECONDS)
    provider.hangs.set()

    async def settled() -> Any:
        return await service.published(messaging_pb2.DirectiveSettled)

    [(business, ended)] = await eventually(settled, SECONDS)
    assert (business, ended.directive_id, ended.attempt) == (UUID(str(tenant.id)), directive_id, 2)
    assert ended.outcome == messaging_pb2.OUTCOME_DONE
    result = directives_pb2.PaymentResult()
    assert ended.result.Unpack(result)
    assert (result.intent_id, result.amount_q) == (intent.id, 5000)
    assert provider.done == ["open", "capture"]


@pytest.mark.xdist_group("counter")
@pytest.mark.timeout(400)
async def test_what_went_out_before_the_service_was_killed_is_asked_about_and_not_done_again(
    counter: Counter, provider: Acquirer
) -> None:
    counter.environment |= {"COMANDA_PAYMENT_URL": provider.url, "COMANDA_PAYMENT_KEY": "sk_1"}
    counter.kill("sales")
    await asyncio.to_thread(counter.start, "sales")
    async with AsyncExitStack() as stack:
        shop = await opened_shop(stack, counter)
        channel: Any = await stack.enter_async_context(client.channel(counter.addresses["sales"]))
        intents = payments_pb2_grpc.PaymentIntentServiceStub(channel)
        request = pb.CreatePaymentIntentRequest(amount_q=5000, provider="online")
        intent = (await shop.call(intents.CreatePaymentIntent, request)).payment_intent
        provider.hangs = asyncio.Event()
        asking = asyncio.ensure_future(
            shop.call(intents.CapturePaymentIntent, pb.CapturePaymentIntentRequest(id=intent.id))
        )

        async def done() -> bool:
            return "capture" in provider.done

        await eventually(done, SECONDS)
        counter.kill("sales")
        with pytest.raises(Unavailable):
            await asking
        provider.hangs = None
        await asyncio.to_thread(counter.start, "sales")
        # Half a minute later: whoever took it out has had time enough.
        await shop.rows("update payment_operations set due_at = now() where state = 'sent'")

        async def captured() -> bool:
            found = await shop.call(intents.GetPaymentIntent, pb.GetPaymentIntentRequest(id=intent.id))
            return bool(found.payment_intent.captured_q == 5000)

        await eventually(captured, SECONDS)
    assert provider.done == ["open", "capture"]
