"""SaleService."""

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from google.protobuf.message import Message

from comanda.sales.v1 import sales_pb2 as pb
from comanda.sales.v1 import sales_pb2_grpc
from kit import rpc as frame
from kit.call import current
from kit.db import Database, Tx
from kit.errors import Conflict, DomainError
from kit.ids import uuid7
from kit.rpc import rpc
from sales.completions import Completions, answer
from sales.domain import sale as domain
from sales.domain.discount import Limits
from sales.domain.sale import Change, Sale
from sales.messages import sales as messages
from sales.messages.values import enum, short
from sales.operations import completion, payments, sales
from sales.queries import sales as queries
from sales.stock import Products, Stock
from sales.store import businesses
from sales.store import sales as store
from sales.store.completions import DONE, Attempt

ATTEMPTS = 10
"""How often an item is tried again when others change the same draft meanwhile."""

Response = TypeVar("Response", bound=Message)


class SaleService(sales_pb2_grpc.SaleServiceServicer):
    """See the proto."""

    def __init__(self, database: Database, stock: Stock) -> None:
        self.database = database
        self._stock = stock
        self._completions = Completions(database, stock)

    @rpc
    async def CreateSale(self, tx: Tx, request: pb.CreateSaleRequest) -> pb.CreateSaleResponse:
        made = await sales.create(
            tx,
            request.storefront,
            messages.customer_id(request.customer_id),
            messages.sold_at(request),
            type=short(pb.SaleType, request.type),
            payment_type=short(pb.PaymentType, request.payment_type),
            notes=request.notes,
            external_ref=request.external_ref,
        )
        return pb.CreateSaleResponse(sale=_sale(made))

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

        changed = await sales.change(tx, UUID(request.id), None, change, "sale.updated")
        return pb.UpdateSaleResponse(sale=_sale(changed))

    async def AddSaleItem(self, request: pb.AddSaleItemRequest, _: Any) -> pb.AddSaleItemResponse:
        identity, item_id = current.get().identity, uuid7()
        products = {request.sku: await self._stock.product(identity, request.sku)}

        def change(sale: Sale) -> Sale:
            return domain.with_item(sale, messages.new_item(request, item_id, products[request.sku], sale.type))

        def respond(sale: Sale) -> pb.AddSaleItemResponse:
            return pb.AddSaleItemResponse(item=messages.item(sale.item(item_id), identity.role))

        return await self._change_item(request, change, respond, "sale_item.added", item_id, products)

    async def UpdateSaleItem(self, request: pb.UpdateSaleItemRequest, _: Any) -> pb.UpdateSaleItemResponse:
        identity, item_id, changes = current.get().identity, UUID(request.item_id), messages.item_changes(request)

        def change(sale: Sale) -> Sale:
            return domain.with_changed_item(sale, item_id, changes)

        def respond(sale: Sale) -> pb.UpdateSaleItemResponse:
            return pb.UpdateSaleItemResponse(item=messages.item(sale.item(item_id), identity.role))

        return await self._change_item(request, change, respond, "sale_item.updated", item_id)

    async def RemoveSaleItem(self, request: pb.RemoveSaleItemRequest, _: Any) -> pb.RemoveSaleItemResponse:
        item_id = UUID(request.item_id)

        def change(sale: Sale) -> Sale:
            return domain.without_item(sale, item_id)

        def respond(sale: Sale) -> pb.RemoveSaleItemResponse:
            return pb.RemoveSaleItemResponse(sale=_sale(sale))

        return await self._change_item(request, change, respond, "sale_item.removed", item_id)

    async def _change_item(
        self,
        request: Any,
        change: Change,
        respond: Callable[[Sale], Response],
        event: str,
        item_id: UUID,
        products: Products | None = None,
    ) -> Response:
        """Changes a draft's items: first what its cart holds, then the draft, if it is still what it was.

        Products, those that the change looks at, are brought up to date.
        """
        call = current.get()
        kept = frame.place(call, request) or (call.identity.business_id, "", "")
        for _ in range(ATTEMPTS):
            before, limits, answered = await self.database.read(
                lambda tx: store.look(tx, UUID(request.id), *kept[1:]), call.identity
            )

            def checked(sale: Sale, limits: Limits = limits) -> Sale:
                return domain.checked(change(sale), call.identity.role, limits)

            if not answered:
                await self._move_stock(before, checked, products or {})

            async def changed(
                _: Any, tx: Tx, request: Any, rev: int = before.rev, checked: Change = checked
            ) -> Response:
                return respond(await sales.change(tx, UUID(request.id), rev, checked, event, item_id))

            try:
                return await frame.answer(self, changed, request)
            except Conflict as error:
                if error is not sales.OVERTAKEN:
                    raise
        raise Conflict("in_progress", retry_after=1)

    async def _move_stock(self, before: Sale, change: Change, products: Products) -> None:
        """Lets the cart hold what the draft will have."""
        identity, after = current.get().identity, change(before)
        if domain.units(before) == domain.units(after):
            return
        await self._stock.hold(identity, after, products)
        try:
            change(before)  # with the products as they are now
        except DomainError:
            await self._stock.hold(identity, before, {})
            raise

    async def CompleteSale(self, request: pb.CompleteSaleRequest, _: Any) -> pb.CompleteSaleResponse:
        call = current.get()
        digest = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()

        async def begin(tx: Tx, _: object) -> Attempt:
            tx.request_id, tx.address, tx.agent = call.request_id, call.address, call.agent
            wanted = messages.completion(request)
            return await completion.begin(tx, UUID(request.id), wanted, request.request_id, digest)

        attempt = await self.database.run(begin, identity=call.identity)
        call.replayed = attempt.state == DONE
        response = answer(await self._completions.drive(call.identity.business_id, attempt))
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
