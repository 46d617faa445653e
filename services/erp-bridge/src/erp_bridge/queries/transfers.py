"""Logs of transfers, newest first."""

from comanda.erp.v1 import attachments_pb2 as pb
from erp_bridge import messages
from erp_bridge.store.transfers import COLUMNS, Transfer
from kit import pages
from kit.call import current
from kit.db import Tx
from kit.filters import matching


async def transfers(tx: Tx, request: pb.ListAttachmentTransfersRequest) -> pb.ListAttachmentTransfersResponse:
    """Returns a page; raises Invalid for a bad token."""
    where, values = matching(
        ("business_id = ?", tx.business),
        ("status = any(?::text[])", list(request.status)),
        ("origem_id = ?", request.origem_id if request.HasField("origem_id") else None),
        ("destino_id = ?", request.destino_id if request.HasField("destino_id") else None),
        ("numero_nf = ?", request.numero_nf),
    )
    rows, token = await pages.newest(tx, request, f"select {COLUMNS} from attachment_transfers", where, values)
    items = [messages.transfer(Transfer(**row), current.get().language) for row in rows]
    total = await pages.total(tx, request, f"select count(*) from attachment_transfers {where}", values)
    return pb.ListAttachmentTransfersResponse(items=items, next_page_token=token, total=total)
