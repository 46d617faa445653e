"""Logs of closures, newest first."""

from comanda.erp.v1 import purchase_orders_pb2 as pb
from erp_bridge import messages
from erp_bridge.store.closures import COLUMNS, Closure
from kit import pages
from kit.call import current
from kit.db import Tx
from kit.filters import matching


async def closures(tx: Tx, request: pb.ListClosuresRequest) -> pb.ListClosuresResponse:
    """Returns a page; raises Invalid for a bad token."""
    where, values = matching(
        ("business_id = ?", tx.business),
        ("status = any(?::text[])", list(request.status)),
        ("numero_pedido = ?", request.numero_pedido),
        ("numero_nf_servico = ?", request.numero_nf_servico),
        ("waits_for_person = ?", request.aguarda_pessoa if request.HasField("aguarda_pessoa") else None),
    )
    rows, token = await pages.newest(tx, request, f"select {COLUMNS} from purchase_order_closures", where, values)
    items = [messages.closure(Closure(**row), current.get().language) for row in rows]
    total = await pages.total(tx, request, f"select count(*) from purchase_order_closures {where}", values)
    return pb.ListClosuresResponse(items=items, next_page_token=token, total=total)
