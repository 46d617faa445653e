"""ReportService."""

from comanda.sales.v1 import reports_pb2 as pb
from comanda.sales.v1 import reports_pb2_grpc
from kit.db import Database, Tx
from kit.rpc import rpc
from sales.queries import reports as queries


class ReportService(reports_pb2_grpc.ReportServiceServicer):
    """See the proto."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def GetDailyReport(self, tx: Tx, request: pb.GetDailyReportRequest) -> pb.GetDailyReportResponse:
        return await queries.daily(tx, request)

    @rpc
    async def GetSalesSummary(self, tx: Tx, request: pb.GetSalesSummaryRequest) -> pb.GetSalesSummaryResponse:
        return await queries.summary(tx, request)
