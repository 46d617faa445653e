"""ErpService."""

from importlib import metadata

from comanda.erp.v1 import status_pb2 as pb
from comanda.erp.v1 import status_pb2_grpc
from erp_bridge import messages
from erp_bridge.omie.gate import Gate
from kit.db import Database, Tx
from kit.errors import NotFound
from kit.rpc import rpc

VERSION = metadata.version("comanda-erp-bridge")


class ErpService(status_pb2_grpc.ErpServiceServicer):
    """See the proto."""

    def __init__(self, database: Database, gate: Gate, configured: bool) -> None:
        self.database = database
        self._gate = gate
        self._configured = configured

    @rpc
    async def GetErpStatus(self, tx: Tx, request: pb.GetErpStatusRequest) -> pb.GetErpStatusResponse:
        rows = await self._gate.standings(tx)
        return pb.GetErpStatusResponse(
            version=VERSION,
            configured=self._configured,
            methods=[messages.method_status(row, self._gate.pace) for row in rows],
        )

    @rpc
    async def CloseBreaker(self, tx: Tx, request: pb.CloseBreakerRequest) -> pb.CloseBreakerResponse:
        if not await self._gate.close_breaker(tx, request.method):
            raise NotFound("unknown_method", method=request.method)
        return pb.CloseBreakerResponse(method=request.method, breaker="closed")
