"""PriceListService: what products cost where somebody does not pay the usual price."""

from comanda.inventory.v1 import price_lists_pb2 as pb
from comanda.inventory.v1.price_lists_pb2_grpc import PriceListServiceServicer
from inventory.messages import pricing as messages
from inventory.operations import pricing as operations
from inventory.queries import pricing as queries
from kit.db import Database, Tx
from kit.rpc import rpc


class PriceListService(PriceListServiceServicer):
    """Serves comanda.inventory.v1.PriceListService."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def CreatePriceList(self, tx: Tx, request: pb.CreatePriceListRequest) -> pb.CreatePriceListResponse:
        """Creates a price list without prices."""
        found = await operations.create_price_list(tx, messages.new_price_list(request, tx.now))
        return pb.CreatePriceListResponse(price_list=messages.price_list(found))

    @rpc
    async def GetPriceList(self, tx: Tx, request: pb.GetPriceListRequest) -> pb.GetPriceListResponse:
        """Reads one price list."""
        return pb.GetPriceListResponse(price_list=await queries.price_list(tx, request.code))

    @rpc
    async def ListPriceLists(self, tx: Tx, request: pb.ListPriceListsRequest) -> pb.ListPriceListsResponse:
        """Lists price lists by code."""
        return await queries.price_lists(tx, request)

    @rpc
    async def UpdatePriceList(self, tx: Tx, request: pb.UpdatePriceListRequest) -> pb.UpdatePriceListResponse:
        """Changes the fields that are given."""
        found = await operations.update_price_list(tx, request.code, messages.price_list_changes(request))
        return pb.UpdatePriceListResponse(price_list=messages.price_list(found))

    @rpc
    async def SetPrices(self, tx: Tx, request: pb.SetPricesRequest) -> pb.SetPricesResponse:
        """Sets the prices that are given."""
        prices = await operations.set_prices(tx, request.code, messages.prices(request))
        return pb.SetPricesResponse(prices=map(messages.listed_price, prices))

    @rpc
    async def ListPrices(self, tx: Tx, request: pb.ListPricesRequest) -> pb.ListPricesResponse:
        """Lists the prices of a price list by SKU."""
        return await queries.prices(tx, request)
