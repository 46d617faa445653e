"""ErpOrderService."""

from comanda.erp.v1 import orders_pb2 as pb
from comanda.erp.v1 import orders_pb2_grpc
from erp_bridge.domain.export import State
from erp_bridge.queries import orders as queries
from erp_bridge.store import orders
from erp_bridge.work.accounts import Accounts
from kit.call import current
from kit.db import Database, Tx
from kit.rpc import rpc

HELD_UP = (State.FAILED, State.NEEDS_MAPPING, State.NEEDS_PERSON)
SETTLED = (State.CONFIRMED, State.CANCELLED)


class ErpOrderService(orders_pb2_grpc.ErpOrderServiceServicer):
    """See the proto."""

    def __init__(self, database: Database, accounts: Accounts) -> None:
        self.database = database
        self._accounts = accounts

    @rpc
    async def GetErpOrder(self, tx: Tx, request: pb.GetErpOrderRequest) -> pb.GetErpOrderResponse:
        return pb.GetErpOrderResponse(order=await queries.order(tx, request.ref, current.get().language))

    @rpc
    async def ListErpOrders(self, tx: Tx, request: pb.ListErpOrdersRequest) -> pb.ListErpOrdersResponse:
        return await queries.orders(tx, request, current.get().language)

    @rpc
    async def RetryErpOrder(self, tx: Tx, request: pb.RetryErpOrderRequest) -> pb.RetryErpOrderResponse:
        await self._forget_products(tx)
        await orders.take_up(tx, tx.business, [*HELD_UP, *SETTLED, State.PENDING], request.ref)
        return pb.RetryErpOrderResponse(order=await queries.order(tx, request.ref, current.get().language))

    @rpc
    async def ReprocessErpOrders(self, tx: Tx, _: pb.ReprocessErpOrdersRequest) -> pb.ReprocessErpOrdersResponse:
        await self._forget_products(tx)
        return pb.ReprocessErpOrdersResponse(reprocessed=await orders.take_up(tx, tx.business, HELD_UP))

    async def _forget_products(self, tx: Tx) -> None:
        if account := await self._accounts.find(tx, tx.business):
            account.orders.forget_products(tx.business)
