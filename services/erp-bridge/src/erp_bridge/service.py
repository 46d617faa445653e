"""ErpService."""

from importlib import metadata

from comanda.erp.v1 import status_pb2 as pb
from comanda.erp.v1 import status_pb2_grpc
from kit.db import Database, Tx
from kit.rpc import rpc

VERSION = metadata.version("comanda-erp-bridge")


class ErpService(status_pb2_grpc.ErpServiceServicer):
    """See the proto."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def GetErpStatus(self, tx: Tx, request: pb.GetErpStatusRequest) -> pb.GetErpStatusResponse:
        # This version of the bridge has no place for an account, so nobody's is configured.
        return pb.GetErpStatusResponse(version=VERSION, configured=False)
