"""AnalyticsService."""

from comanda.orders.v1 import analytics_pb2 as pb
from comanda.orders.v1 import analytics_pb2_grpc
from kit.db import Database, Tx
from kit.rpc import rpc
from orders.queries import analytics


class AnalyticsService(analytics_pb2_grpc.AnalyticsServiceServicer):
    """See the proto."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def GetOrderAnalytics(self, tx: Tx, request: pb.GetOrderAnalyticsRequest) -> pb.GetOrderAnalyticsResponse:
        return await analytics.order_analytics(tx, request)
