"""ExportService."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from google.api.httpbody_pb2 import HttpBody

from comanda.sales.v1 import exports_pb2 as pb
from comanda.sales.v1 import exports_pb2_grpc
from kit.call import current
from kit.db import Database, Tx
from sales.queries import exports

CSV = "text/csv; charset=utf-8"


class ExportService(exports_pb2_grpc.ExportServiceServicer):
    """See the proto."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def ExportSales(self, request: pb.ExportSalesRequest, _: Any) -> AsyncGenerator[pb.ExportSalesResponse, None]:
        async for part in exports.sales(self._read, request, current.get().identity.role):
            yield pb.ExportSalesResponse(document=HttpBody(content_type=CSV, data=part))

    async def ExportAging(self, _: pb.ExportAgingRequest, __: Any) -> AsyncGenerator[pb.ExportAgingResponse, None]:
        async for part in exports.aging(self._read):
            yield pb.ExportAgingResponse(document=HttpBody(content_type=CSV, data=part))

    async def ExportDailyReport(
        self, request: pb.ExportDailyReportRequest, _: Any
    ) -> AsyncGenerator[pb.ExportDailyReportResponse, None]:
        async for part in exports.days(self._read, request):
            yield pb.ExportDailyReportResponse(document=HttpBody(content_type=CSV, data=part))

    async def ExportSalesSummary(
        self, request: pb.ExportSalesSummaryRequest, _: Any
    ) -> AsyncGenerator[pb.ExportSalesSummaryResponse, None]:
        async for part in exports.summary(self._read, request):
            yield pb.ExportSalesSummaryResponse(document=HttpBody(content_type=CSV, data=part))

    async def _read(self, work: Callable[[Tx], Awaitable[Any]]) -> Any:
        return await self.database.read(work, current.get().identity)
