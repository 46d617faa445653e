"""Sales, a page at a time."""

from datetime import date
from typing import Any
from uuid import UUID

from comanda.sales.v1 import exports_pb2
from comanda.sales.v1 import sales_pb2 as pb
from kit import pages
from kit.call import current
from kit.db import Tx
from kit.filters import containing, matching
from sales.domain import days
from sales.messages import sales as messages
from sales.messages.values import short
from sales.queries import reports
from sales.store import sales as store

FOUND = """(receipt_number ilike ?
    or exists (select from customers c where c.business_id = sales.business_id and c.id = customer_id and c.name ilike ?)
    or exists (
        select from sale_items i
        where i.business_id = sales.business_id and i.sale_id = sales.id and (i.sku ilike ? or i.name ilike ?)
    ))"""


PAYMENT_STATUS = """case
    when amount_refunded_q > 0 and amount_paid_q > 0
        then case when amount_refunded_q >= amount_paid_q then 'refunded' else 'partially_refunded' end
    when amount_paid_q >= total_q and status <> 'draft' then 'paid'
    when amount_paid_q > 0 then 'partial' else 'unpaid'
end = any(?::text[])"""
OUTSTANDING = "(status in ('pending', 'partial') and completed_at <= now() - make_interval(days => ?))"


async def conditions(
    tx: Tx, request: pb.ListSalesRequest | exports_pb2.ExportSalesRequest, *more: tuple[str, Any]
) -> tuple[str, list[Any]]:
    """Returns the `where …` of what is asked for, and more, with its values; raises Invalid for a bad date."""
    first, last = await _dates(tx, request.date_range)
    owed = request.has_outstanding_balance if request.HasField("has_outstanding_balance") else None
    return matching(
        ("business_id = ?", tx.business),
        ("status = any(?::text[])", [short(pb.SaleStatus, each) for each in request.status]),
        ("storefront = any(?::text[])", list(request.storefront)),
        ("customer_id = ?", messages.customer_id(request.customer_id)),
        ("type = any(?::text[])", [short(pb.SaleType, each) for each in request.type]),
        ("payment_type = any(?::text[])", [short(pb.PaymentType, each) for each in request.payment_type]),
        ("seller = ?", request.user),
        ("business_date >= ?", days.day("date_from", request.date_from)),
        ("business_date <= ?", days.day("date_to", request.date_to)),
        ("business_date >= ?", first),
        ("business_date <= ?", last),
        ("total_q >= ?", request.amount_min_q if request.HasField("amount_min_q") else None),
        ("total_q <= ?", request.amount_max_q if request.HasField("amount_max_q") else None),
        ("(status in ('pending', 'partial')) = ?", owed),
        (PAYMENT_STATUS, [short(pb.PaymentStatus, each) for each in request.payment_status]),
        (OUTSTANDING, request.days_outstanding if request.HasField("days_outstanding") else None),
        (FOUND, containing(request.search)),
        *more,
    )


async def _dates(tx: Tx, wanted: int) -> tuple[date | None, date | None]:
    return days.named(short(pb.DateRange, wanted), await reports.today(tx)) if wanted else (None, None)


async def list_sales(tx: Tx, request: pb.ListSalesRequest) -> pb.ListSalesResponse:
    """Returns a page of the business's sales, newest first; raises Invalid for a bad token or date."""
    where, values = await conditions(tx, request, ("external_ref = any(?::text[])", list(request.external_ref)))
    rows, token = await pages.newest(tx, request, f"select {store.SALE_COLUMNS} from sales", where, values)
    found, role = await store.with_items(tx, rows), current.get().identity.role
    payments = await store.payments(tx, [each.id for each in found])
    items = [messages.sale(each, payments.get(each.id, ()), role) for each in found]
    total = await pages.total(tx, request, f"select count(*) from sales {where}", values)
    return pb.ListSalesResponse(items=items, next_page_token=token, total=total)


async def list_payments(tx: Tx, request: pb.ListPaymentsRequest) -> pb.ListPaymentsResponse:
    """Returns a page of a sale's payments, oldest first; raises NotFound, or Invalid for a bad token."""
    found, size = await store.sale(tx, UUID(request.id)), request.page_size or pages.SIZE
    [after] = pages.key(request.page_token, "")
    paid = (await store.payments(tx, [found.id])).get(found.id, [])
    rows = [row for row in paid if str(row["id"]) > after]
    shown, token = pages.cut(rows, size, lambda row: (str(row["id"]),))
    return pb.ListPaymentsResponse(items=map(messages.payment, shown), next_page_token=token)
