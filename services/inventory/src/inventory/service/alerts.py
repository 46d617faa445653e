"""AlertService: what somebody should order."""

from uuid import UUID

from comanda.inventory.v1 import alerts_pb2 as pb
from comanda.inventory.v1.alerts_pb2_grpc import AlertServiceServicer
from inventory.messages import alerts as messages
from inventory.operations import alerts as operations
from inventory.queries import alerts as queries
from kit.db import Database, Tx
from kit.rpc import rpc


class AlertService(AlertServiceServicer):
    """Serves comanda.inventory.v1.AlertService."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def ListAlerts(self, tx: Tx, request: pb.ListAlertsRequest) -> pb.ListAlertsResponse:
        """Lists alerts, newest first."""
        return await queries.alerts(tx, request)

    @rpc
    async def AcknowledgeAlert(self, tx: Tx, request: pb.AcknowledgeAlertRequest) -> pb.AcknowledgeAlertResponse:
        """Notes that somebody has seen an alert."""
        found = await operations.acknowledge(tx, UUID(request.id))
        return pb.AcknowledgeAlertResponse(alert=messages.alert(found))
