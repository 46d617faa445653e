"""OrderService."""

from collections.abc import Sequence

from comanda.orders.v1 import orders_pb2 as pb
from comanda.orders.v1 import orders_pb2_grpc
from kit.call import current
from kit.db import Database, Tx
from kit.errors import NotFound
from kit.rpc import rpc
from kit.texts import render
from orders.domain import flow
from orders.messages import orders as messages
from orders.messages import values
from orders.operations import bulk, orders
from orders.queries import lists
from orders.queries import orders as order_lists
from orders.store import orders as store
from orders.texts import TEXTS


class OrderService(orders_pb2_grpc.OrderServiceServicer):
    """See the proto."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def GetOrder(self, tx: Tx, request: pb.GetOrderRequest) -> pb.GetOrderResponse:
        found = await store.order(tx, request.ref)
        if found is None or not order_lists.visible(tx, found.order):
            raise NotFound("not_found", ref=request.ref)
        return pb.GetOrderResponse(order=_order(found))

    @rpc
    async def ListOrders(self, tx: Tx, request: pb.ListOrdersRequest) -> pb.ListOrdersResponse:
        return await order_lists.list_orders(tx, request)

    @rpc
    async def TransitionOrder(self, tx: Tx, request: pb.TransitionOrderRequest) -> pb.TransitionOrderResponse:
        asked = (request.ref, request.status, request.actor, request.reason)
        order, previous = await orders.transition_order(tx, *asked)
        moved = pb.Transition(ref=order.ref, status=order.status, previous_status=previous)
        return pb.TransitionOrderResponse(transition=moved)

    @rpc
    async def UpdateOrder(self, tx: Tx, request: pb.UpdateOrderRequest) -> pb.UpdateOrderResponse:
        changed = await orders.update_order(tx, request.ref, values.plain(request.data), request.actor)
        return pb.UpdateOrderResponse(order=_order(changed))

    @rpc
    async def CancelOrder(self, tx: Tx, request: pb.CancelOrderRequest) -> pb.CancelOrderResponse:
        cancelled = await orders.cancel_order(tx, request.ref, request.actor, request.reason)
        return pb.CancelOrderResponse(order=_order(cancelled))

    @rpc
    async def RefundOrder(self, tx: Tx, request: pb.RefundOrderRequest) -> pb.RefundOrderResponse:
        asked = (request.ref, request.amount_q, request.actor, request.reason)
        order, identifier = await orders.refund_order(tx, *asked)
        made = pb.Refund(
            ref=order.ref,
            directive_id=identifier,
            amount_q=request.amount_q,
            currency=order.currency,
            reason=request.reason,
        )
        return pb.RefundOrderResponse(refund=made)

    @rpc
    async def ListOrderEvents(self, tx: Tx, request: pb.ListOrderEventsRequest) -> pb.ListOrderEventsResponse:
        return await lists.list_order_events(tx, request)

    @rpc
    async def RecordOrderEvent(self, tx: Tx, request: pb.RecordOrderEventRequest) -> pb.RecordOrderEventResponse:
        kind = request.type or request.event_type
        payload = values.plain(request.payload if request.HasField("payload") else request.data)
        seq = await orders.record_event(tx, request.ref, kind, payload, request.actor)
        made = messages.own_event(tx, seq, kind, payload, request.actor, current.get().language)
        return pb.RecordOrderEventResponse(event=made)

    @rpc
    async def BulkTransitionOrders(
        self, tx: Tx, request: pb.BulkTransitionOrdersRequest
    ) -> pb.BulkTransitionOrdersResponse:
        asked = (list(request.refs), request.status, request.actor, request.notes)
        failures = await bulk.transition_orders(tx, *asked)
        return pb.BulkTransitionOrdersResponse(result=_result(request.refs, failures))

    @rpc
    async def BulkAssignOrders(self, tx: Tx, request: pb.BulkAssignOrdersRequest) -> pb.BulkAssignOrdersResponse:
        asked = (list(request.refs), request.assigned_to, request.actor, request.notes)
        failures = await bulk.assign_orders(tx, *asked)
        return pb.BulkAssignOrdersResponse(result=_result(request.refs, failures))


def _order(found: store.Found) -> pb.Order:
    return messages.order(found.order, flow.of(found.config))


def _result(refs: Sequence[str], failures: Sequence[bulk.Failure]) -> pb.BulkResult:
    language = current.get().language
    errors = [messages.bulk_error(ref, error, render(error, TEXTS, language)) for ref, error in failures]
    return pb.BulkResult(
        success_count=len(refs) - len(errors),
        failure_count=len(errors),
        failed_ids=[each.ref for each in errors],
        errors=errors,
    )
