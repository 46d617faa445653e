"""PaymentIntentService."""

from google.protobuf import json_format

from comanda.sales.v1 import payments_pb2 as pb
from comanda.sales.v1 import payments_pb2_grpc, sales_pb2
from kit.db import Database, Tx
from kit.rpc import rpc
from sales.domain import sale
from sales.domain.intent import AUTHORIZE, CAPTURE, DONE, REFUND
from sales.messages import intents as messages
from sales.messages.values import short
from sales.operations import intents
from sales.queries import intents as queries


class PaymentIntentService(payments_pb2_grpc.PaymentIntentServiceServicer):
    """See the proto."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def CreatePaymentIntent(
        self, tx: Tx, request: pb.CreatePaymentIntentRequest
    ) -> pb.CreatePaymentIntentResponse:
        stood = await intents.create(
            tx,
            amount_q=request.amount_q,
            currency=request.currency,
            method=short(sales_pb2.PaymentMethod, request.method) or sale.CARD,
            provider=request.provider,
            authorize=request.auto_authorize if request.HasField("auto_authorize") else True,
            order_ref=request.order_ref,
            metadata=json_format.MessageToDict(request.metadata),
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

    @rpc
    async def AuthorizePaymentIntent(
        self, tx: Tx, request: pb.AuthorizePaymentIntentRequest
    ) -> pb.AuthorizePaymentIntentResponse:
        intent, operations = await intents.ask(tx, request.id, AUTHORIZE)
        return pb.AuthorizePaymentIntentResponse(
            success=operations[-1].state == DONE,
            operation=messages.operation(operations[-1]),
            payment_intent=messages.intent(intent, operations),
        )

    @rpc
    async def CapturePaymentIntent(
        self, tx: Tx, request: pb.CapturePaymentIntentRequest
    ) -> pb.CapturePaymentIntentResponse:
        intent, operations = await intents.ask(tx, request.id, CAPTURE, request.amount_q)
        return pb.CapturePaymentIntentResponse(
            success=operations[-1].state == DONE,
            amount_q=operations[-1].amount_q,
            transaction_id=operations[-1].transaction_id,
            operation=messages.operation(operations[-1]),
            payment_intent=messages.intent(intent, operations),
        )

    @rpc
    async def RefundPaymentIntent(
        self, tx: Tx, request: pb.RefundPaymentIntentRequest
    ) -> pb.RefundPaymentIntentResponse:
        intent, operations = await intents.ask(tx, request.id, REFUND, request.amount_q, request.reason)
        return pb.RefundPaymentIntentResponse(
            success=operations[-1].state == DONE,
            amount_q=operations[-1].amount_q,
            refund_id=operations[-1].transaction_id,
            operation=messages.operation(operations[-1]),
            payment_intent=messages.intent(intent, operations),
        )

    @rpc
    async def CancelPaymentIntent(
        self, tx: Tx, request: pb.CancelPaymentIntentRequest
    ) -> pb.CancelPaymentIntentResponse:
        cancelled, stood = await intents.cancel(tx, request.id, request.reason)
        return pb.CancelPaymentIntentResponse(
            cancelled=cancelled, payment_intent=messages.intent(*stood) if stood else None
        )
