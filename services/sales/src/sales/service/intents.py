"""PaymentIntentService."""

from typing import Any, TypeVar
from uuid import UUID

from google.protobuf import json_format
from google.protobuf.message import Message
from standardwebhooks import Webhook, WebhookVerificationError

from comanda.sales.v1 import payments_pb2 as pb
from comanda.sales.v1 import payments_pb2_grpc, sales_pb2
from kit.call import current
from kit.db import Database, Tx
from kit.errors import Unauthenticated
from kit.rpc import answer, rpc
from sales.charges import Charges
from sales.domain import intent as domain
from sales.domain import sale
from sales.domain.intent import AUTHORIZE, CAPTURE, MANUAL, ONLINE, REFUND
from sales.messages import intents as messages
from sales.messages.values import short
from sales.operations import intents
from sales.operations.intents import Stood
from sales.queries import intents as queries
from sales.store import intents as store

Response = TypeVar("Response", bound=Message)
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
DONE = pb.PaymentOperationState.PAYMENT_OPERATION_STATE_DONE


class PaymentIntentService(payments_pb2_grpc.PaymentIntentServiceServicer):
    """See the proto."""

    def __init__(self, database: Database, charges: Charges | None, webhook_secret: str) -> None:
        self.database = database
        self._charges = charges
        self._webhook = Webhook(webhook_secret) if webhook_secret else None

    async def CreatePaymentIntent(
        self, request: pb.CreatePaymentIntentRequest, _: Any
    ) -> pb.CreatePaymentIntentResponse:
        made = await answer(self, PaymentIntentService._create, request)
        return pb.CreatePaymentIntentResponse(payment_intent=await self._answered(made.payment_intent))

    async def _create(self, tx: Tx, request: pb.CreatePaymentIntentRequest) -> pb.CreatePaymentIntentResponse:
        stood = await intents.create(
            tx,
            amount_q=request.amount_q,
            currency=request.currency,
            method=short(sales_pb2.PaymentMethod, request.method) or sale.CARD,
            provider=request.provider,
            authorize=request.auto_authorize if request.HasField("auto_authorize") else True,
            order_ref=request.order_ref,
            metadata=json_format.MessageToDict(request.metadata),
            known={MANUAL, ONLINE} if self._charges else {MANUAL},
        )
        return pb.CreatePaymentIntentResponse(payment_intent=messages.intent(*stood))

    @rpc
    async def GetPaymentIntent(self, tx: Tx, request: pb.GetPaymentIntentRequest) -> pb.GetPaymentIntentResponse:
        return pb.GetPaymentIntentResponse(payment_intent=await queries.get_intent(tx, request.id))

    @rpc
    async def GetPaymentStatus(self, tx: Tx, request: pb.GetPaymentStatusRequest) -> pb.GetPaymentStatusResponse:
        return await queries.get_status(tx, request.intent_id)

    @rpc
    async def ListPaymentIntents(self, tx: Tx, request: pb.ListPaymentIntentsRequest) -> pb.ListPaymentIntentsResponse:
        return await queries.list_intents(tx, request)

    async def AuthorizePaymentIntent(
        self, request: pb.AuthorizePaymentIntentRequest, _: Any
    ) -> pb.AuthorizePaymentIntentResponse:
        async def ask(_: Any, tx: Tx, request: pb.AuthorizePaymentIntentRequest) -> pb.AuthorizePaymentIntentResponse:
            return pb.AuthorizePaymentIntentResponse(**_outcome(*await intents.ask(tx, request.id, AUTHORIZE)))

        return await self._outcome_of(await answer(self, ask, request))

    async def CapturePaymentIntent(
        self, request: pb.CapturePaymentIntentRequest, _: Any
    ) -> pb.CapturePaymentIntentResponse:
        async def ask(_: Any, tx: Tx, request: pb.CapturePaymentIntentRequest) -> pb.CapturePaymentIntentResponse:
            stood = await intents.ask(tx, request.id, CAPTURE, request.amount_q)
            return pb.CapturePaymentIntentResponse(**_moved(stood, "transaction_id"))

        return await self._outcome_of(await answer(self, ask, request))

    async def RefundPaymentIntent(
        self, request: pb.RefundPaymentIntentRequest, _: Any
    ) -> pb.RefundPaymentIntentResponse:
        async def ask(_: Any, tx: Tx, request: pb.RefundPaymentIntentRequest) -> pb.RefundPaymentIntentResponse:
            stood = await intents.ask(tx, request.id, REFUND, request.amount_q, request.reason)
            return pb.RefundPaymentIntentResponse(**_moved(stood, "refund_id"))

        return await self._outcome_of(await answer(self, ask, request))

    async def CancelPaymentIntent(
        self, request: pb.CancelPaymentIntentRequest, _: Any
    ) -> pb.CancelPaymentIntentResponse:
        async def ask(_: Any, tx: Tx, request: pb.CancelPaymentIntentRequest) -> pb.CancelPaymentIntentResponse:
            cancelled, stood = await intents.cancel(tx, request.id, request.reason)
            intent = messages.intent(*stood) if stood else None
            return pb.CancelPaymentIntentResponse(cancelled=cancelled, payment_intent=intent)

        response = await answer(self, ask, request)
        if response.HasField("payment_intent"):
            intent = await self._answered(response.payment_intent)
            cancelled = intent.status == pb.PaymentIntentStatus.PAYMENT_INTENT_STATUS_CANCELLED
            return pb.CancelPaymentIntentResponse(cancelled=cancelled, payment_intent=intent)
        return response

    async def _outcome_of(self, response: Response) -> Response:
        """Returns an outcome as it is once the provider has answered, or as far as it is by the end of our patience."""
        said: Any = response
        if said.operation.state not in messages.OPEN:
            return response
        intent = await self._answered(said.payment_intent)
        operation = next(each for each in intent.operations if each.id == said.operation.id)
        fresh: Any = type(response)(success=operation.state == DONE, operation=operation, payment_intent=intent)
        for name in {"amount_q", "transaction_id", "refund_id"} & set(said.DESCRIPTOR.fields_by_name):
            setattr(fresh, name, operation.amount_q if name == "amount_q" else operation.transaction_id)
        found: Response = fresh
        return found

    async def _answered(self, intent: pb.PaymentIntent) -> pb.PaymentIntent:
        """Takes what waits to the provider, and returns the intent as it is then."""
        waiting = [each.id for each in intent.operations if each.state in messages.OPEN]
        if not waiting or not self._charges:
            return intent
        caller = current.get().identity
        await self._charges.drive(caller, UUID(waiting[-1]))
        return await self.database.read(lambda tx: queries.get_intent(tx, intent.id), caller)

    @rpc
    async def ReceivePaymentEvent(
        self, tx: Tx, request: pb.ReceivePaymentEventRequest
    ) -> pb.ReceivePaymentEventResponse:
        self._check_signature(request)
        business, intent_id = messages.event_subject(request.body.data)
        return pb.ReceivePaymentEventResponse(accepted=await store.look_now(tx, business, intent_id))

    def _check_signature(self, request: pb.ReceivePaymentEventRequest) -> None:
        headers = {name: getattr(request, name.replace("-", "_")) for name in HEADERS}
        try:
            if self._webhook is None:
                raise Unauthenticated("invalid_signature")
            self._webhook.verify(request.body.data, headers)
        except WebhookVerificationError as error:
            raise Unauthenticated("invalid_signature") from error


def _outcome(intent: Any, operations: Any) -> dict[str, Any]:
    return {
        "success": operations[-1].state == domain.DONE,
        "operation": messages.operation(operations[-1]),
        "payment_intent": messages.intent(intent, operations),
    }


def _moved(stood: Stood, name: str) -> dict[str, Any]:
    last = stood[1][-1]
    return {**_outcome(*stood), "amount_q": last.amount_q, name: last.transaction_id}
