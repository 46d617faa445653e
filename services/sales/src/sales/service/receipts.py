"""ReceiptService."""

import asyncio
from typing import Any
from uuid import UUID

from google.api.httpbody_pb2 import HttpBody

from comanda.sales.v1 import receipts_pb2 as pb
from comanda.sales.v1 import receipts_pb2_grpc
from kit import rpc as frame
from kit.call import current
from kit.db import Database, Tx
from sales.messages import receipts as messages
from sales.operations import receipts

HTML, PDF = pb.RECEIPT_FORMAT_HTML, pb.RECEIPT_FORMAT_PDF


class ReceiptService(receipts_pb2_grpc.ReceiptServiceServicer):
    """See the proto."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def GetReceipt(self, request: pb.GetReceiptRequest, _: Any) -> pb.GetReceiptResponse:
        call = current.get()

        async def issued(tx: Tx, _: object) -> pb.Receipt:
            return messages.receipt(*await receipts.issue(frame.known(tx, call), UUID(request.id)), tx.now)

        # A transaction of its own, since this is a read that counts.
        receipt = await self.database.run(issued, identity=call.identity)
        document = await asyncio.to_thread(_document, receipt, request.format, call.language)
        return pb.GetReceiptResponse(receipt=receipt, document=document)


def _document(receipt: pb.Receipt, format: int, language: str) -> HttpBody | None:
    # Both take a tenth of a second to import, which no start has to wait for.
    if format == HTML:
        from sales.receipts import html

        return HttpBody(content_type="text/html; charset=utf-8", data=html.render(receipt, language))
    if format == PDF:
        from sales.receipts import pdf

        return HttpBody(content_type="application/pdf", data=pdf.render(receipt, language))
    return None
