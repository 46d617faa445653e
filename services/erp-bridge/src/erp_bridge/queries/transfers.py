"""Logs of transfers, newest first."""

from comanda.erp.v1 import attachments_pb2 as pb
from erp_bridge import messages
from erp_bridge.queries.filters import matching
from erp_bridge.store.transfers import COLUMNS, Transfer
from kit import pages
from kit.call import current
from kit.db import Tx


async def transfers(tx: Tx, request: pb.ListAttachmentTransfersRequest) -> pb.ListAttachmentTransfersResponse:
    """Returns a page; raises Invalid for a bad token."""
    where, values = matching(
        ("business_id = ?", tx.business),
        ("status = any(?::text[])", list(request.status)),
        ("origem_id = ?", request.origem_id if request.HasField("origem_id") else None),
        ("destino_id = ?", request.destino_id if request.HasField("destino_id") else None),
        ("numero_nf = ?", request.numero_nf),
    )
    size, n = request.page_size or pages.SIZE, len(values)
    page = f"select {COLUMNS} from attachment_transfers {where} and id < ${n + 1} order by id desc limit ${n + 2}"
    rows = await tx.connection.fetch(page, *values, pages.before(request.page_token), size + 1)
    shown, following = pages.cut(rows, size, lambda row: (str(row["id"]),))
    response = pb.ListAttachmentTransfersResponse(
        items=[messages.transfer(Transfer(**row), current.get().language) for row in shown], next_page_token=following
    )
    if request.include_total:
        response.total = await tx.connection.fetchval(f"select count(*) from attachment_transfers {where}", *values)
    return response
