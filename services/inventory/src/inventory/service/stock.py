"""StockService: how many units lie where, and every change of it."""

from functools import partial
from uuid import UUID

from comanda.inventory.v1 import stock_pb2 as pb
from comanda.inventory.v1.stock_pb2_grpc import StockServiceServicer
from inventory.domain.stock import Key
from inventory.messages import stock as messages
from inventory.operations import stock as operations
from inventory.queries import lots, storefronts
from inventory.queries import stock as queries
from kit.db import Database, Tx
from kit.rpc import rpc


class StockService(StockServiceServicer):
    """Serves comanda.inventory.v1.StockService."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def ReceiveStock(self, tx: Tx, request: pb.ReceiveStockRequest) -> pb.ReceiveStockResponse:
        """Books goods that came in."""
        levels = await operations.receive(tx, request.location, messages.receipts(request, tx.business))
        return pb.ReceiveStockResponse(items=map(messages.level, levels))

    @rpc
    async def AdjustStock(self, tx: Tx, request: pb.AdjustStockRequest) -> pb.AdjustStockResponse:
        """Corrects stock, by a difference or by a count; never below what is reserved."""
        key = Key(tx.business, request.sku, request.location)
        lot = UUID(request.lot_id) if request.HasField("lot_id") else None
        level = await operations.adjust(tx, key, *messages.correction(request), request.reason, lot)
        return pb.AdjustStockResponse(level=messages.level(level))

    @rpc
    async def ListStock(self, tx: Tx, request: pb.ListStockRequest) -> pb.ListStockResponse:
        """Lists stock levels by SKU, then by location, now or at an instant."""
        return await (queries.levels_as_of if request.HasField("as_of") else queries.levels)(tx, request)

    @rpc
    async def ListMovements(self, tx: Tx, request: pb.ListMovementsRequest) -> pb.ListMovementsResponse:
        """Lists movements, newest first."""
        return await queries.movements(tx, request)

    @rpc
    async def ListLots(self, tx: Tx, request: pb.ListLotsRequest) -> pb.ListLotsResponse:
        """Lists lots by date of expiry."""
        return await lots.lots(tx, request)

    @rpc
    async def GetAvailability(self, tx: Tx, request: pb.GetAvailabilityRequest) -> pb.GetAvailabilityResponse:
        """Tells how many units could be reserved now; unknown SKUs have none."""
        return await queries.availability(tx, request)

    @rpc
    async def GetStorefrontAvailability(
        self, tx: Tx, request: pb.GetStorefrontAvailabilityRequest
    ) -> pb.GetStorefrontAvailabilityResponse:
        """Tells what a storefront has of a SKU, and who holds how much of it."""
        return await storefronts.availability(tx, request)

    @rpc
    async def SetStockSettings(self, tx: Tx, request: pb.SetStockSettingsRequest) -> pb.SetStockSettingsResponse:
        """Changes the settings that are given."""
        key = Key(tx.business, request.sku, request.location)
        level = await operations.change_settings(tx, key, partial(messages.settings, request))
        return pb.SetStockSettingsResponse(level=messages.level(level))
