"""Refunds, a page at a time."""

from uuid import UUID

from comanda.sales.v1 import refunds_pb2 as pb
from kit import pages
from kit.db import Tx
from kit.filters import matching
from sales.messages import refunds as messages
from sales.messages.sales import customer_id as optional_id
from sales.messages.values import short
from sales.store import refunds as store
from sales.store import repayments as repayments_store


async def get_refund(tx: Tx, refund_id: UUID) -> pb.Refund:
    """Returns a refund with what it gives back of which payment; raises NotFound."""
    found = await store.refund(tx, refund_id)
    return messages.refund(found, (await repayments_store.of_refunds(tx, [refund_id]))[refund_id])


async def list_refunds(tx: Tx, request: pb.ListRefundsRequest) -> pb.ListRefundsResponse:
    """Returns a page of the business's refunds, newest first; raises Invalid for a bad token."""
    where, values = matching(
        ("business_id = ?", tx.business),
        ("sale_id = ?", optional_id(request.sale_id)),
        ("status = any(?::text[])", [short(pb.RefundStatus, each) for each in request.status]),
    )
    rows, token = await pages.newest(tx, request, f"select {store.COLUMNS} from refunds", where, values)
    repayments = await repayments_store.of_refunds(tx, [row["id"] for row in rows])
    items = [messages.refund(store.read(row), repayments[row["id"]]) for row in rows]
    return pb.ListRefundsResponse(items=items, next_page_token=token)
