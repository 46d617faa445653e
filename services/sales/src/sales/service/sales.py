"""SaleService."""

from typing import Any
from uuid import UUID

from comanda.sales.v1 import sales_pb2 as pb
from comanda.sales.v1 import sales_pb2_grpc
from kit import rpc as frame
from kit.call import current
from kit.db import Database, Tx
from kit.errors import Conflict
from kit.ids import uuid7
from kit.rpc import rpc
from sales.completions import Completions, answer
from sales.domain import sale as domain
from sales.domain.sale import Sale
from sales.drafts import Drafts
from sales.messages import sales as messages
from sales.messages.values import enum
from sales.operations import completion, payments, sales
from sales.queries import sales as queries
from sales.stock import Stock
from sales.store import businesses
from sales.store import sales as store
from sales.store.completions import DONE


class SaleService(sales_pb2_grpc.SaleServiceServicer):
    """See the proto."""

    def __init__(self, database: Database, stock: Stock) -> None:
        self.database = database
        self._stock = stock
        self._drafts = Drafts(database, stock)
        self._completions = Completions(database, stock)

    async def CreateSale(self, request: pb.CreateSaleRequest, _: Any) -> pb.CreateSaleResponse:
        return await self._drafts.create(request)

    @rpc
    async def GetSale(self, tx: Tx, request: pb.GetSaleRequest) -> pb.GetSaleResponse:
        found = await store.sale(tx, UUID(request.id))
        paid = await store.payments(tx, [found.id])
        return pb.GetSaleResponse(sale=messages.sale(found, paid.get(found.id, ()), current.get().identity.role))

    @rpc
    async def ListSales(self, tx: Tx, request: pb.ListSalesRequest) -> pb.ListSalesResponse:
        return await queries.list_sales(tx, request)

    @rpc
    async def UpdateSale(self, tx: Tx, request: pb.UpdateSaleRequest) -> pb.UpdateSaleResponse:
        changes = messages.sale_changes(request)
        limits = await businesses.discount_limits(tx)

        def change(sale: Sale) -> Sale:
            return domain.checked(domain.described(sale, changes), current.get().identity.role, limits)

        changed = await sales.change(tx, UUID(request.id), change)
        return pb.UpdateSaleResponse(sale=_sale(changed))

    async def AddSaleItem(self, request: pb.AddSaleItemRequest, _: Any) -> pb.AddSaleItemResponse:
        identity, item_id = current.get().identity, uuid7()
        products = await self._stock.products(identity, [request.sku])

        def change(sale: Sale) -> Sale:
            return domain.with_items(sale, [messages.new_item(request, item_id, products[request.sku], sale.type)])

        def respond(sale: Sale) -> pb.AddSaleItemResponse:
            return pb.AddSaleItemResponse(item=messages.item(sale.item(item_id), identity.role))

        return await self._drafts.change_items(request, change, respond, "sale_item.added", item_id, products)

    async def UpdateSaleItem(self, request: pb.UpdateSaleItemRequest, _: Any) -> pb.UpdateSaleItemResponse:
        identity, item_id, changes = current.get().identity, UUID(request.item_id), messages.item_changes(request)

        def change(sale: Sale) -> Sale:
            return domain.with_changed_item(sale, item_id, changes)

        def respond(sale: Sale) -> pb.UpdateSaleItemResponse:
            return pb.UpdateSaleItemResponse(item=messages.item(sale.item(item_id), identity.role))

        return await self._drafts.change_items(request, change, respond, "sale_item.updated", item_id)

    async def RemoveSaleItem(self, request: pb.RemoveSaleItemRequest, _: Any) -> pb.RemoveSaleItemResponse:
        item_id = UUID(request.item_id)

        def change(sale: Sale) -> Sale:
            return domain.without_item(sale, item_id)

        def respond(sale: Sale) -> pb.RemoveSaleItemResponse:
            return pb.RemoveSaleItemResponse(sale=_sale(sale))

        return await self._drafts.change_items(request, change, respond, "sale_item.removed", item_id)

    async def CompleteSale(self, request: pb.CompleteSaleRequest, _: Any) -> pb.CompleteSaleResponse:
        call = current.get()

        async def begin(tx: Tx) -> completion.Begun:
            wanted, digest = messages.completion(request), frame.digest(request)
            return await completion.begin(frame.known(tx, call), UUID(request.id), wanted, request.request_id, digest)

        attempt, sale = await self.database.write(begin, call.identity)
        call.replayed = attempt.state == DONE
        response = answer(await self._completions.drive(call.identity.business_id, attempt, sale))
        messages.shown(response.sale, call.identity.role)
        return response

    async def AbandonSale(self, request: pb.AbandonSaleRequest, _: Any) -> pb.AbandonSaleResponse:
        identity, sale_id = current.get().identity, UUID(request.id)
        before = await self.database.read(lambda tx: store.sale(tx, sale_id), identity)
        if before.completion_id:
            raise Conflict("in_progress", retry_after=1)
        count = 0 if await frame.answered(self, request) else await self._stock.release(identity, sale_id)

        async def abandoned(_: Any, tx: Tx, request: pb.AbandonSaleRequest) -> pb.AbandonSaleResponse:
            sale, changed = await sales.abandon(tx, sale_id)
            quantity = sum(item.quantity for item in sale.items) if count else 0
            return pb.AbandonSaleResponse(
                sale=_sale(sale),
                released=pb.ReleasedUnits(count=count, total_quantity=f"{quantity:.3f}"),
                current_status=enum(pb.SaleStatus, sale.status),
                status_changed=changed,
                already_finalized=not changed,
            )

        return await frame.answer(self, abandoned, request)

    @rpc
    async def RecordPayment(self, tx: Tx, request: pb.RecordPaymentRequest) -> pb.RecordPaymentResponse:
        made = await payments.record(tx, UUID(request.id), messages.new_payment(request))
        return pb.RecordPaymentResponse(payment=messages.payment(made))

    @rpc
    async def ListPayments(self, tx: Tx, request: pb.ListPaymentsRequest) -> pb.ListPaymentsResponse:
        return await queries.list_payments(tx, request)

    async def go_on(self) -> bool:
        """Goes on with completions that nobody drives; tells whether there may be more."""
        return await self._completions.go_on()


def _sale(found: Sale) -> pb.Sale:
    return messages.sale(found, (), current.get().identity.role)
