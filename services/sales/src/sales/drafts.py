"""Drafts whose items change: first what their carts hold in the inventory, outside of any transaction, then what is written."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast
from uuid import UUID

from google.protobuf.message import Message

from comanda.sales.v1 import sales_pb2 as pb
from kit import rpc as frame
from kit.call import current
from kit.db import Database, Tx
from kit.errors import Conflict, DomainError, Unavailable
from kit.gathering import Asked, Gathering
from kit.ids import uuid7
from kit.rpc import Place
from sales.domain import sale as domain
from sales.domain.sale import Change, Sale
from sales.messages import sales as messages
from sales.operations import sales
from sales.stock import Products, Stock
from sales.store import businesses
from sales.store import sales as store
from sales.store.businesses import Opening
from sales.store.sales import Looked

ATTEMPTS = 10
"""How often a change is tried again when others change the same draft meanwhile."""

Response = TypeVar("Response", bound=Message)
New = Asked[pb.CreateSaleRequest, pb.CreateSaleResponse]


class Drafts:
    """Answers the present call, which changes the items of a draft."""

    def __init__(self, database: Database, stock: Stock) -> None:
        self.database = database
        self._stock = stock
        # Tills of one storefront want the same counter of receipts.
        self._creating = Gathering(database, _create, lambda request: frozenset({request.storefront}))

    async def create(self, request: pb.CreateSaleRequest) -> pb.CreateSaleResponse:
        """Opens a draft whose cart holds the units of its items, if it has any."""
        call, asked = current.get(), messages.new_sale(request)

        async def look(tx: Tx) -> tuple[Opening, Sale | None]:
            found = await businesses.opening(tx, request.storefront, *_place(request)[1:])
            return found, None if found.first else await sales.draft(tx, found, asked)

        opening, empty = await self.database.read(look, call.identity)
        if empty is None:
            return cast("pb.CreateSaleResponse", _again(request, opening.first))
        products = await self._stock.products(call.identity, [each.sku for each in request.items])
        ids = sorted(uuid7() for _ in request.items)  # by which items are listed

        def filled(sale: Sale) -> Sale:
            given = zip(request.items, ids, strict=True)
            items = [messages.new_item(each, item_id, products[each.sku], sale.type) for each, item_id in given]
            return domain.checked(domain.with_items(sale, items), call.identity.role, opening.limits)

        return await self._write_new(request, await self._move_stock(empty, filled, products))

    async def _write_new(self, request: pb.CreateSaleRequest, draft: Sale) -> pb.CreateSaleResponse:
        """Writes a new draft, or gives up what its cart holds; whether that was written whose end is not known, time tells."""
        call = current.get()
        try:
            response = await self._creating.answer(request, draft)
        except DomainError as error:
            if draft.items and not isinstance(error, Unavailable):
                await self._stock.release(call.identity, draft.id)
            raise
        if draft.items and call.replayed:
            await self._stock.release(call.identity, draft.id)
        return response

    async def change_items(
        self,
        request: Any,
        change: Change,
        respond: Callable[[Sale], Response],
        event: str,
        item_id: UUID,
        products: Products | None = None,
    ) -> Response:
        """Changes a draft's items, if it is still what it was when its stock was moved; products are brought up to date."""
        call = current.get()
        for _ in range(ATTEMPTS):
            seen = await self.database.read(
                lambda tx: store.look(tx, UUID(request.id), *_place(request)[1:]), call.identity
            )
            if seen.first:
                return cast("Response", _again(request, seen.first))

            def checked(sale: Sale, seen: Looked = seen) -> Sale:
                return domain.checked(change(sale), call.identity.role, seen.limits)

            after = await self._move_stock(seen.sale, checked, products or {})

            async def changed(_: Any, tx: Tx, request: Any, seen: Looked = seen, after: Sale = after) -> Response:
                return respond(sales.change_items(tx, seen.now, seen.sale, after, event, item_id))

            try:
                return await frame.write(self, changed, request)
            except Conflict as error:
                if error is not sales.OVERTAKEN:
                    raise
        raise Conflict("in_progress", retry_after=1)

    async def _move_stock(self, before: Sale, change: Change, products: Products) -> Sale:
        """Lets the cart hold what the draft will have; returns the draft, with the products as they are now."""
        identity, after = current.get().identity, change(before)
        if domain.units(before) == domain.units(after):
            return after
        await self._stock.hold(identity, after, products)
        try:
            return change(before)
        except DomainError:
            await self._stock.hold(identity, before, {})
            raise


async def _create(tx: Tx, batch: Sequence[New]) -> list[pb.CreateSaleResponse]:
    days = [(asked.business, asked.given.storefront, asked.given.business_date) for asked in batch]
    responses = []
    for asked, count in zip(batch, await store.next_receipts(tx, days), strict=True):
        frame.known(tx, asked.call)
        made = messages.sale(sales.create(tx, asked.given, count), (), asked.call.identity.role)
        responses.append(pb.CreateSaleResponse(sale=made))
    return responses


def _place(request: Message) -> Place:
    """Returns where the answer to the present call is kept; nowhere when it has no key."""
    call = current.get()
    return frame.place(call, request) or (call.identity.business_id, "", "")


def _again(request: Message, first: Any) -> Any:
    """Returns what the present call was answered before; raises Refused(`idempotency_key_reuse`)."""
    return frame.replayed(current.get(), _place(request), frame.digest(request), *first)
