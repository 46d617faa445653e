"""CounterService: units of a sale leave the shelf, and come back, once each."""

from typing import Any

from comanda.inventory.v1 import counter_pb2 as pb
from comanda.inventory.v1.counter_pb2_grpc import CounterServiceServicer
from inventory.domain.quantity import positive
from inventory.domain.reserve import Wish, summed
from inventory.messages import lots as messages
from inventory.operations import counter as operations
from kit import rpc as frame
from kit.db import Database, Tx
from kit.rpc import rpc


class CounterService(CounterServiceServicer):
    """Serves comanda.inventory.v1.CounterService."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def SellCart(self, request: pb.SellCartRequest, _: Any) -> pb.SellCartResponse:
        """Takes the units of a sale off the shelf."""
        return await frame.write(self, _sell, request)

    @rpc
    async def TakeBack(self, tx: Tx, request: pb.TakeBackRequest) -> pb.TakeBackResponse:
        """Puts units that a customer brought back on the shelf."""
        wishes = summed([Wish(line.sku, request.location, positive(line.qty)) for line in request.lines])
        await operations.take_back(tx, wishes, request.reference, request.reason)
        return pb.TakeBackResponse()

    @rpc
    async def ReturnSale(self, tx: Tx, request: pb.ReturnSaleRequest) -> pb.ReturnSaleResponse:
        """Brings the units of a sale back."""
        await operations.bring_back(tx, request.sale_ref, request.reason)
        return pb.ReturnSaleResponse()


async def _sell(_: Any, tx: Tx, request: pb.SellCartRequest) -> pb.SellCartResponse:
    wishes = summed([Wish(line.sku, request.location, positive(line.qty)) for line in request.lines])
    moved = await operations.sell(tx, request.cart, request.sale_ref, wishes)
    return pb.SellCartResponse(units=map(messages.sold, moved))
