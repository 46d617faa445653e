"""Payment intents at the manual provider, as cases O-P1 to O-P4 say."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from comanda.sales.events.v1 import payments_pb2 as events
from comanda.sales.v1 import payments_pb2 as pb
from comanda.types.v1.options_pb2 import Role
from kit.errors import Invalid, NotFound, Refused
from kit.testing import eventually

Status = pb.PaymentIntentStatus


async def opened(service: Any, token: str, amount_q: int = 5000, **fields: Any) -> pb.PaymentIntent:
    request = pb.CreatePaymentIntentRequest(amount_q=amount_q, **fields)
    made: pb.PaymentIntent = (await service.call(service.intents.CreatePaymentIntent, request, token)).payment_intent
    return made


async def captured(service: Any, token: str, **fields: Any) -> Any:
    intent = await opened(service, token, **fields)
    return await service.call(service.intents.CapturePaymentIntent, pb.CapturePaymentIntentRequest(id=intent.id), token)


async def refund(service: Any, token: str, intent_id: str, amount_q: int | None = None) -> Any:
    request = pb.RefundPaymentIntentRequest(id=intent_id, amount_q=amount_q, reason="wrong size")
    return await service.call(service.intents.RefundPaymentIntent, request, token)


async def cancel(service: Any, token: str, intent_id: str) -> Any:
    request = pb.CancelPaymentIntentRequest(id=intent_id, reason="payment-timeout")
    return await service.call(service.intents.CancelPaymentIntent, request, token)


async def status(service: Any, token: str, intent_id: str) -> pb.GetPaymentStatusResponse:
    request = pb.GetPaymentStatusRequest(intent_id=intent_id)
    found: pb.GetPaymentStatusResponse = await service.call(service.intents.GetPaymentStatus, request, token)
    return found


async def test_an_intent_is_opened_and_its_money_taken_in_part_once(service: Any) -> None:
    token = (await service.tenant()).token()
    intent = await opened(service, token, metadata={"table": "7"}, order_ref="ORD-1")
    assert (intent.status, intent.amount_q, intent.currency) == (
        Status.PAYMENT_INTENT_STATUS_AUTHORIZED,
        5000,
        "BRL",
    )
    assert intent.client_secret
    assert dict(intent.metadata) == {"table": "7"}
    waiting = await opened(service, token, auto_authorize=False)
    assert waiting.status == Status.PAYMENT_INTENT_STATUS_PENDING
    promised = await service.call(
        service.intents.AuthorizePaymentIntent, pb.AuthorizePaymentIntentRequest(id=waiting.id), token
    )
    assert promised.success
    assert promised.payment_intent.status == Status.PAYMENT_INTENT_STATUS_AUTHORIZED

    request = pb.CapturePaymentIntentRequest(id=intent.id, amount_q=3000)
    taken = await service.call(service.intents.CapturePaymentIntent, request, token)
    assert (taken.success, taken.amount_q) == (True, 3000)
    assert taken.transaction_id
    with pytest.raises(Refused, match="invalid_status"):
        await service.call(service.intents.CapturePaymentIntent, request, token)
    unknown = pb.CapturePaymentIntentRequest(id="pi_unknown")
    with pytest.raises(NotFound, match="intent_not_found"):
        await service.call(service.intents.CapturePaymentIntent, unknown, token)
    with pytest.raises(Invalid, match="unknown_provider"):
        await opened(service, token, provider="stripe")

    async def told() -> Any:
        return await service.published(events.PaymentCaptured)

    [(_, event)] = await eventually(told)
    assert (event.intent_id, event.order_ref, event.amount_q) == (intent.id, "ORD-1", 3000)
    listing = pb.ListPaymentIntentsRequest(order_ref="ORD-1")
    [listed] = (await service.call(service.intents.ListPaymentIntents, listing, token)).items
    assert (
        listed
        == (
            await service.call(service.intents.GetPaymentIntent, pb.GetPaymentIntentRequest(id=intent.id), token)
        ).payment_intent
    )


async def test_what_was_taken_is_given_back_and_no_more(service: Any) -> None:
    token = (await service.tenant()).token()
    whole = await captured(service, token)
    done = await refund(service, token, whole.payment_intent.id)
    assert (done.success, done.amount_q) == (True, 5000)
    assert done.payment_intent.status == Status.PAYMENT_INTENT_STATUS_REFUNDED

    part = (await captured(service, token)).payment_intent.id
    left = (await refund(service, token, part, 2000)).payment_intent
    assert (left.refunded_q, left.status) == (2000, Status.PAYMENT_INTENT_STATUS_CAPTURED)
    with pytest.raises(Refused, match="exceeds_captured") as refused:
        await refund(service, token, part, 10_000)
    assert refused.value.context == {"refundable_q": 3000, "amount_q": 10_000}
    with pytest.raises(Refused, match="not_captured"):
        await refund(service, token, (await opened(service, token)).id)
    with pytest.raises(NotFound, match="intent_not_found"):
        await refund(service, token, str(uuid4()))


async def test_refunds_at_once_never_give_back_more_than_was_taken(service: Any) -> None:
    token = (await service.tenant()).token()
    intent = (await captured(service, token)).payment_intent
    asked = [refund(service, token, intent.id, 2000) for _ in range(6)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(not isinstance(each, BaseException) for each in answers) == 2
    assert (await status(service, token, intent.id)).refunded_q == 4000


async def test_staff_gives_back_only_small_amounts(service: Any) -> None:
    tenant = await service.tenant()
    intent = (await captured(service, tenant.token(), amount_q=60_000)).payment_intent
    with pytest.raises(Refused, match="role_limit_exceeded"):
        await refund(service, tenant.token(Role.ROLE_STAFF), intent.id, 5000)
    with pytest.raises(Refused, match="role_limit_exceeded"):
        await refund(service, tenant.token(Role.ROLE_MANAGER), intent.id)
    assert (await refund(service, tenant.token(Role.ROLE_STAFF), intent.id, 4999)).success


async def test_only_what_was_not_taken_is_given_up(service: Any) -> None:
    tenant, stranger = await service.tenant(), await service.tenant()
    token = tenant.token()
    intent = await opened(service, token)
    assert not (await cancel(service, stranger.token(), intent.id)).cancelled
    given_up = await cancel(service, token, intent.id)
    assert given_up.cancelled
    assert given_up.payment_intent.status == Status.PAYMENT_INTENT_STATUS_CANCELLED
    assert (await cancel(service, token, intent.id)).cancelled
    taken = (await captured(service, token)).payment_intent
    assert not (await cancel(service, token, taken.id)).cancelled
    assert not (await cancel(service, token, "pi_unknown")).cancelled
    assert (await status(service, token, taken.id)).captured_q == 5000
    nothing = await status(service, token, "pi_unknown")
    assert (nothing.status, nothing.amount_q, nothing.captured_q) == (
        Status.PAYMENT_INTENT_STATUS_NOT_FOUND,
        0,
        0,
    )
