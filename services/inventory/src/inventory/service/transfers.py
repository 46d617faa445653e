"""TransferService: units on their way from one location to another."""

from uuid import UUID

from comanda.inventory.v1 import transfers_pb2 as pb
from comanda.inventory.v1.transfers_pb2_grpc import TransferServiceServicer
from inventory.messages import transfers as messages
from inventory.operations import transfers as operations
from inventory.queries import transfers as queries
from kit.db import Database, Tx
from kit.ids import uuid7
from kit.rpc import rpc


class TransferService(TransferServiceServicer):
    """Serves comanda.inventory.v1.TransferService."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def TransferStock(self, tx: Tx, request: pb.TransferStockRequest) -> pb.TransferStockResponse:
        """Moves units at once."""
        wanted = messages.new_transfer(request, tx.business, uuid7(), tx.now)
        return pb.TransferStockResponse(transfer=messages.transfer(await operations.transfer_at_once(tx, wanted)))

    @rpc
    async def CreateTransfer(self, tx: Tx, request: pb.CreateTransferRequest) -> pb.CreateTransferResponse:
        """Sends units off."""
        wanted = messages.new_transfer(request, tx.business, uuid7(), tx.now)
        return pb.CreateTransferResponse(transfer=messages.transfer(await operations.send(tx, wanted)))

    @rpc
    async def GetTransfer(self, tx: Tx, request: pb.GetTransferRequest) -> pb.GetTransferResponse:
        """Reads one transfer."""
        return pb.GetTransferResponse(transfer=await queries.transfer(tx, UUID(request.id)))

    @rpc
    async def ListTransfers(self, tx: Tx, request: pb.ListTransfersRequest) -> pb.ListTransfersResponse:
        """Lists transfers, newest first."""
        return await queries.transfers(tx, request)

    @rpc
    async def ReceiveTransfer(self, tx: Tx, request: pb.ReceiveTransferRequest) -> pb.ReceiveTransferResponse:
        """Books what arrived."""
        found = await operations.receive(tx, UUID(request.id), messages.arrivals(request.lines))
        return pb.ReceiveTransferResponse(transfer=messages.transfer(found))

    @rpc
    async def CancelTransfer(self, tx: Tx, request: pb.CancelTransferRequest) -> pb.CancelTransferResponse:
        """Puts what is under way back."""
        found = await operations.cancel(tx, UUID(request.id))
        return pb.CancelTransferResponse(transfer=messages.transfer(found))
