"""BusinessService and StorefrontService."""

from contextlib import suppress
from typing import Any

from comanda.sales.v1 import businesses_pb2 as pb
from comanda.sales.v1 import businesses_pb2_grpc
from kit.call import current
from kit.db import Database, Tx
from kit.errors import DomainError
from kit.rpc import answer, rpc
from sales.domain.business import Storefront
from sales.messages import identity as messages
from sales.messages.values import given
from sales.operations import businesses
from sales.queries import identity as queries
from sales.stock import Stock
from sales.store import businesses as store


class BusinessService(businesses_pb2_grpc.BusinessServiceServicer):
    """See the proto."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def CreateBusiness(self, tx: Tx, request: pb.CreateBusinessRequest) -> pb.CreateBusinessResponse:
        made = await businesses.create_business(tx, request.code, request.name, request.timezone, request.currency)
        return pb.CreateBusinessResponse(business=messages.business(made))

    @rpc
    async def GetBusiness(self, tx: Tx, request: pb.GetBusinessRequest) -> pb.GetBusinessResponse:
        return pb.GetBusinessResponse(business=messages.business(await businesses.own_business(tx)))

    @rpc
    async def UpdateBusiness(self, tx: Tx, request: pb.UpdateBusinessRequest) -> pb.UpdateBusinessResponse:
        changed = await businesses.update_business(tx, messages.business_changes(request))
        return pb.UpdateBusinessResponse(business=messages.business(changed))


class StorefrontService(businesses_pb2_grpc.StorefrontServiceServicer):
    """See the proto."""

    def __init__(self, database: Database, stock: Stock) -> None:
        self.database = database
        self._stock = stock

    async def CreateStorefront(self, request: pb.CreateStorefrontRequest, _: Any) -> pb.CreateStorefrontResponse:
        response = await answer(self, StorefrontService._create, request)
        # The inventory makes the location when it hears of the storefront; who is told of one may use the other at once.
        with suppress(DomainError):
            await self._stock.open_location(current.get().identity, request.code, request.name)
        return response

    async def _create(self, tx: Tx, request: pb.CreateStorefrontRequest) -> pb.CreateStorefrontResponse:
        new = Storefront(
            code=request.code,
            name=request.name,
            timezone=request.timezone,
            currency=request.currency,
            day_cutover_hour=request.day_cutover_hour,
            is_active=request.is_active if request.HasField("is_active") else True,
            created_at=tx.now,
        )
        return pb.CreateStorefrontResponse(storefront=messages.storefront(await businesses.create_storefront(tx, new)))

    @rpc
    async def GetStorefront(self, tx: Tx, request: pb.GetStorefrontRequest) -> pb.GetStorefrontResponse:
        found = await store.storefront(tx, request.code)
        return pb.GetStorefrontResponse(storefront=messages.storefront(found))

    @rpc
    async def UpdateStorefront(self, tx: Tx, request: pb.UpdateStorefrontRequest) -> pb.UpdateStorefrontResponse:
        changes = given(request, "name", "timezone", "day_cutover_hour", "is_active")
        changed = await businesses.update_storefront(tx, request.code, changes)
        return pb.UpdateStorefrontResponse(storefront=messages.storefront(changed))

    @rpc
    async def ListStorefronts(self, tx: Tx, request: pb.ListStorefrontsRequest) -> pb.ListStorefrontsResponse:
        return await queries.list_storefronts(tx, request)
