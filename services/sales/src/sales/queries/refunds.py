"""Refunds, a page at a time."""

from comanda.sales.v1 import refunds_pb2 as pb
from kit import pages
from kit.db import Tx
from sales.messages import refunds as messages
from sales.messages.sales import customer_id as optional_id
from sales.messages.values import short
from sales.queries.filters import matching
from sales.store import refunds as store


async def list_refunds(tx: Tx, request: pb.ListRefundsRequest) -> pb.ListRefundsResponse:
    """Returns a page of the business's refunds, newest first; raises Invalid for a bad token."""
    where, values = matching(
        ("business_id = ?", tx.business),
        ("sale_id = ?", optional_id(request.sale_id)),
        ("status = any(?::text[])", [short(pb.RefundStatus, each) for each in request.status]),
    )
    size, n = request.page_size or pages.SIZE, len(values)
    page = f"select {store.COLUMNS} from refunds {where} and id < ${n + 1} order by id desc limit ${n + 2}"
    rows, token = pages.cut(
        await tx.connection.fetch(page, *values, pages.before(request.page_token), size + 1),
        size,
        lambda row: (str(row["id"]),),
    )
    items = [messages.refund(store.read(row)) for row in rows]
    return pb.ListRefundsResponse(items=items, next_page_token=token)
