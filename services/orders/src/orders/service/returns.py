"""ReturnService."""

from comanda.orders.v1 import returns_pb2 as pb
from comanda.orders.v1 import returns_pb2_grpc
from kit.db import Database, Tx
from kit.errors import NotFound
from kit.rpc import rpc
from orders.domain.ops import quantity
from orders.operations import returns
from orders.operations.returns import Wanted
from orders.queries import returns as queries
from orders.store import returns as store


class ReturnService(returns_pb2_grpc.ReturnServiceServicer):
    """See the proto."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def CreateReturn(self, tx: Tx, request: pb.CreateReturnRequest) -> pb.CreateReturnResponse:
        wanted = [
            Wanted(item.line_id, quantity(item.qty), item.restock if item.HasField("restock") else True)
            for item in request.items
        ]
        made = await returns.request(tx, request.ref, wanted, request.reason, request.actor)
        return pb.CreateReturnResponse(order_return=queries.message(made))

    @rpc
    async def ListOrderReturns(self, tx: Tx, request: pb.ListOrderReturnsRequest) -> pb.ListOrderReturnsResponse:
        return await queries.list_of_order(tx, request)

    @rpc
    async def ListReturns(self, tx: Tx, request: pb.ListReturnsRequest) -> pb.ListReturnsResponse:
        return await queries.list_returns(tx, request)

    @rpc
    async def GetReturn(self, tx: Tx, request: pb.GetReturnRequest) -> pb.GetReturnResponse:
        found = await store.get(tx, request.number)
        if found is None:
            raise NotFound("not_found", number=request.number)
        return pb.GetReturnResponse(order_return=queries.message(found))

    @rpc
    async def ReceiveReturn(self, tx: Tx, request: pb.ReceiveReturnRequest) -> pb.ReceiveReturnResponse:
        received = await returns.receive(tx, request.number, request.actor)
        return pb.ReceiveReturnResponse(order_return=queries.message(received))

    @rpc
    async def RefundReturn(self, tx: Tx, request: pb.RefundReturnRequest) -> pb.RefundReturnResponse:
        amount_q = request.amount_q if request.HasField("amount_q") else None
        refunded = await returns.refund(tx, request.number, amount_q, request.actor)
        return pb.RefundReturnResponse(order_return=queries.message(refunded))

    @rpc
    async def CancelReturn(self, tx: Tx, request: pb.CancelReturnRequest) -> pb.CancelReturnResponse:
        cancelled = await returns.cancel(tx, request.number, request.actor)
        return pb.CancelReturnResponse(order_return=queries.message(cancelled))
