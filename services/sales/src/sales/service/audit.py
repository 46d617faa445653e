"""AuditService."""

from comanda.sales.v1 import audit_pb2 as pb
from comanda.sales.v1 import audit_pb2_grpc
from kit.db import Database, Tx
from kit.rpc import rpc
from sales.queries import audit as queries


class AuditService(audit_pb2_grpc.AuditServiceServicer):
    """See the proto."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def ListAuditLog(self, tx: Tx, request: pb.ListAuditLogRequest) -> pb.ListAuditLogResponse:
        return await queries.list_entries(tx, request)

    @rpc
    async def ListAuditChain(self, tx: Tx, request: pb.ListAuditChainRequest) -> pb.ListAuditChainResponse:
        return await queries.list_links(tx, request)
