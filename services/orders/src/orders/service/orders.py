"""OrderService."""

from comanda.orders.v1 import orders_pb2 as pb
from comanda.orders.v1 import orders_pb2_grpc
from kit.db import Database, Tx
from kit.errors import NotFound
from kit.rpc import rpc
from orders import messages
from orders.domain import flow
from orders.operations import orders
from orders.queries import lists
from orders.queries import orders as order_lists
from orders.store import orders as store


class OrderService(orders_pb2_grpc.OrderServiceServicer):
    """See the proto."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def GetOrder(self, tx: Tx, request: pb.GetOrderRequest) -> pb.GetOrderResponse:
        found = await store.order(tx, request.ref)
        if found is None or not order_lists.visible(tx, found.order):
            raise NotFound("not_found", ref=request.ref)
        return pb.GetOrderResponse(order=messages.order(found.order, flow.of(found.config)))

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
    async def ListOrderEvents(self, tx: Tx, request: pb.ListOrderEventsRequest) -> pb.ListOrderEventsResponse:
        return await lists.list_order_events(tx, request)
