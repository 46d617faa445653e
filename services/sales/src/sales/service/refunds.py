"""RefundService."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID

from comanda.sales.v1 import refunds_pb2 as pb
from comanda.sales.v1 import refunds_pb2_grpc
from kit.call import current
from kit.db import Database, Tx
from kit.errors import Unavailable
from kit.rpc import answer, rpc
from sales.charges import Charges
from sales.messages import refunds as messages
from sales.messages import sales as sale_messages
from sales.messages.intents import OPEN
from sales.messages.values import short
from sales.operations import refunds
from sales.queries import refunds as queries
from sales.restocks import Restocks
from sales.stock import Stock
from sales.store import sales as sales_store


class RefundService(refunds_pb2_grpc.RefundServiceServicer):
    """See the proto."""

    def __init__(self, database: Database, stock: Stock, charges: Charges | None) -> None:
        self.database = database
        self._charges = charges
        self._stock = stock
        self._restocks = Restocks(database, stock)

    async def CancelSale(self, request: pb.CancelSaleRequest, _: Any) -> pb.CancelSaleResponse:
        identity, following = current.get().identity, list[UUID | None]()

        async def cancelled(_: Any, tx: Tx, request: pb.CancelSaleRequest) -> pb.CancelSaleResponse:
            restock = request.restock if request.HasField("restock") else True
            sale, restock_id = await refunds.cancel(tx, UUID(request.id), request.reason, restock)
            following[:] = [restock_id]
            paid = await sales_store.payments(tx, [sale.id])
            return pb.CancelSaleResponse(sale=sale_messages.sale(sale, paid.get(sale.id, ()), identity.role))

        response = await answer(self, cancelled, request)
        for restock_id in following:
            await self._restocks.tell(identity, restock_id)
        if not response.sale.HasField("completed_at"):
            with suppress(Unavailable):  # what the cart holds ends by itself
                await self._stock.release(identity, UUID(request.id))
        return response

    @rpc
    async def RequestRefund(self, tx: Tx, request: pb.RequestRefundRequest) -> pb.RequestRefundResponse:
        kind = short(pb.RefundType, request.type)
        made = await refunds.request(tx, UUID(request.id), kind, messages.wanted(request.items), request.reason)
        return pb.RequestRefundResponse(refund=messages.refund(made, ()))

    @rpc
    async def GetRefund(self, tx: Tx, request: pb.GetRefundRequest) -> pb.GetRefundResponse:
        return pb.GetRefundResponse(refund=await queries.get_refund(tx, UUID(request.id)))

    @rpc
    async def ListRefunds(self, tx: Tx, request: pb.ListRefundsRequest) -> pb.ListRefundsResponse:
        return await queries.list_refunds(tx, request)

    @rpc
    async def ApproveRefund(self, tx: Tx, request: pb.ApproveRefundRequest) -> pb.ApproveRefundResponse:
        approved = await refunds.approve(tx, UUID(request.id))
        return pb.ApproveRefundResponse(refund=messages.refund(approved, ()))

    @rpc
    async def RejectRefund(self, tx: Tx, request: pb.RejectRefundRequest) -> pb.RejectRefundResponse:
        rejected = await refunds.reject(tx, UUID(request.id), request.reason)
        return pb.RejectRefundResponse(refund=messages.refund(rejected, ()))

    async def ProcessRefund(self, request: pb.ProcessRefundRequest, _: Any) -> pb.ProcessRefundResponse:
        following = list[UUID | None]()

        async def processed(_: Any, tx: Tx, request: pb.ProcessRefundRequest) -> pb.ProcessRefundResponse:
            following[:] = [await refunds.process(tx, UUID(request.id))]
            await tx.flush()
            return pb.ProcessRefundResponse(refund=await queries.get_refund(tx, UUID(request.id)))

        response = await answer(self, processed, request)
        for restock_id in following:
            await self._restocks.tell(current.get().identity, restock_id)
        return pb.ProcessRefundResponse(refund=await self._paid_back(response.refund))

    @rpc
    async def SettleRefund(self, tx: Tx, request: pb.SettleRefundRequest) -> pb.SettleRefundResponse:
        await refunds.settle(tx, UUID(request.id), request.reason)
        await tx.flush()
        return pb.SettleRefundResponse(refund=await queries.get_refund(tx, UUID(request.id)))

    async def _paid_back(self, refund: pb.Refund) -> pb.Refund:
        """Takes what waits to the provider, and returns the refund as it is then."""
        waiting = [UUID(each.operation_id) for each in refund.repayments if each.state in OPEN]
        if not waiting or not self._charges:
            return refund
        caller = current.get().identity
        await asyncio.gather(*(self._charges.drive(caller, operation_id) for operation_id in waiting))
        return await self.database.read(lambda tx: queries.get_refund(tx, UUID(refund.id)), caller)

    async def go_on(self) -> bool:
        """Tells the inventory of goods that return; tells whether there may be more."""
        return await self._restocks.go_on()
