"""ErpService."""

from importlib import metadata

from comanda.erp.v1 import status_pb2 as pb
from comanda.erp.v1 import status_pb2_grpc
from erp_bridge import messages
from erp_bridge.work.accounts import Accounts
from kit.db import Database, Tx
from kit.errors import NotFound
from kit.rpc import rpc

VERSION = metadata.version("comanda-erp-bridge")


class ErpService(status_pb2_grpc.ErpServiceServicer):
    """See the proto."""

    def __init__(self, database: Database, accounts: Accounts) -> None:
        self.database = database
        self._accounts = accounts

    @rpc
    async def GetErpStatus(self, tx: Tx, request: pb.GetErpStatusRequest) -> pb.GetErpStatusResponse:
        if (account := await self._accounts.find(tx, tx.business)) is None:
            return pb.GetErpStatusResponse(version=VERSION)
        rows = await account.gate.standings(tx)
        methods = [messages.method_status(row, account.gate.pace) for row in rows]
        return pb.GetErpStatusResponse(version=VERSION, configured=True, methods=methods)

    @rpc
    async def CloseBreaker(self, tx: Tx, request: pb.CloseBreakerRequest) -> pb.CloseBreakerResponse:
        account = await self._accounts.find(tx, tx.business)
        if account is None or not await account.gate.close_breaker(tx, request.method):
            raise NotFound("unknown_method", method=request.method)
        return pb.CloseBreakerResponse(method=request.method, breaker="closed")
