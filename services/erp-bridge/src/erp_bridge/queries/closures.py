"""Logs of closures, newest first."""

from comanda.erp.v1 import purchase_orders_pb2 as pb
from erp_bridge import messages
from erp_bridge.queries.filters import matching
from erp_bridge.store.closures import COLUMNS, Closure
from kit import pages
from kit.call import current
from kit.db import Tx


async def closures(tx: Tx, request: pb.ListClosuresRequest) -> pb.ListClosuresResponse:
    """Returns a page; raises Invalid for a bad token."""
    where, values = matching(
        ("business_id = ?", tx.business),
        ("status = any(?::text[])", list(request.status)),
        ("numero_pedido = ?", request.numero_pedido),
        ("numero_nf_servico = ?", request.numero_nf_servico),
        ("waits_for_person = ?", request.aguarda_pessoa if request.HasField("aguarda_pessoa") else None),
    )
    size, n = request.page_size or pages.SIZE, len(values)
    page = f"select {COLUMNS} from purchase_order_closures {where} and id < ${n + 1} order by id desc limit ${n + 2}"
    rows = await tx.connection.fetch(page, *values, pages.before(request.page_token), size + 1)
    shown, following = pages.cut(rows, size, lambda row: (str(row["id"]),))
    response = pb.ListClosuresResponse(
        items=[messages.closure(Closure(**row), current.get().language) for row in shown], next_page_token=following
    )
    if request.include_total:
        response.total = await tx.connection.fetchval(f"select count(*) from purchase_order_closures {where}", *values)
    return response
