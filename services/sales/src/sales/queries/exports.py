"""Lists as a whole, a page of rows at a time, as lines of CSV."""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from google.protobuf.descriptor import FieldDescriptor

from comanda.sales.v1 import customers_pb2, exports_pb2, reports_pb2
from comanda.sales.v1.sales_pb2 import PaymentMethod
from kit.db import Tx
from sales.domain import days as parse
from sales.messages.sales import WITHOUT_PROFIT
from sales.messages.values import short
from sales.queries import customers, reports
from sales.queries.sales import conditions
from sales.store import businesses

BATCH = 500
FIRST_ID = UUID(int=0)
# What a spreadsheet would take for a formula, and run, when a customer or a product is called so.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
SALE = (
    "id", "receipt_number", "storefront", "business_date", "status", "type", "payment_type", "customer_id", "user",
    "currency", "subtotal_q", "discount_q", "tax_q", "total_q", "amount_paid_q", "amount_due_q", "amount_refunded_q",
    "created_at", "completed_at",
)  # fmt: skip
PROFIT = ("cogs_q", "profit_q")
AGING = ("customer_id", "name", "current_q", "days_30_q", "days_60_q", "days_90_q", "older_q", "total_q")
SALES = """
    select id, receipt_number, storefront, business_date, status, type, payment_type, customer_id, seller as user, currency,
        subtotal_q, discount_q, tax_q, total_q, amount_paid_q, amount_due_q, amount_refunded_q, created_at, completed_at,
        i.cost_q as cogs_q, total_q - tax_q - i.item_taxes_q - i.cost_q as profit_q
    from sales
    cross join lateral (
        select coalesce(sum(l.tax_q), 0)::bigint as item_taxes_q,
            coalesce(sum(round(l.quantity * l.unit_cost_q)), 0)::bigint as cost_q
        from sale_items l where l.business_id = sales.business_id and l.sale_id = sales.id
    ) as i
"""

# On no earlier day is there a sale, and so no refund either; nowhere on earth is it later than tomorrow by UTC.
BOUNDS = """
    select coalesce(min(earliest), current_date) as earliest, current_date + 1 as latest
    from storefronts f
    cross join lateral (
        select min(business_date) as earliest from sales s where s.business_id = f.business_id and s.storefront = f.code
    ) as s
    where f.business_id = $1
"""
METHODS = tuple(short(PaymentMethod, each) for each in PaymentMethod.values() if each)
TABLES = {
    exports_pb2.SUMMARY_TABLE_CUSTOMERS: "top_customers",
    exports_pb2.SUMMARY_TABLE_SELLERS: "top_sellers",
    exports_pb2.SUMMARY_TABLE_PRODUCTS: "top_products",
}

Read = Callable[[Callable[[Tx], Awaitable[Any]]], Awaitable[Any]]
"""Runs a read of its own, so that no connection is held while a slow reader takes a page."""


async def sales(read: Read, asked: exports_pb2.ExportSalesRequest, role: int) -> AsyncIterator[bytes]:
    """Yields the sales that match, oldest first, in parts; raises NotFound for a strange storefront, and Invalid."""

    async def known(tx: Tx) -> None:
        for code in asked.storefront:
            await businesses.storefront(tx, code)

    async def page(tx: Tx, after: UUID) -> Sequence[Any]:
        where, values = await conditions(tx, asked)
        n = len(values)
        statement = f"{SALES} {where} and id > ${n + 1} order by id limit {BATCH}"
        found: Sequence[Any] = await tx.connection.fetch(statement, *values, after)
        return found

    await read(known)
    names = SALE if role in WITHOUT_PROFIT else (*SALE, *PROFIT)
    # Whatever is wrong with the request shows before the first line: afterwards no refusal can come any more.
    rows = await read(partial(page, after=FIRST_ID))
    yield lines([names])
    while rows:
        yield lines([row[name] for name in names] for row in rows)
        rows = await read(partial(page, after=rows[-1]["id"]))


async def aging(read: Read) -> AsyncIterator[bytes]:
    """Yields the customers who owe something, newest first, in parts."""
    yield lines([AGING])
    token = ""
    while True:
        request = customers_pb2.ListAgingRequest(page_size=100, page_token=token)
        found = await read(partial(customers.list_aging, request=request))
        yield lines([getattr(row, name) for name in AGING] for row in found.items)
        if not (token := found.next_page_token):
            return


async def days(read: Read, asked: exports_pb2.ExportDailyReportRequest) -> AsyncIterator[bytes]:
    """Yields each business date and storefront on which anything was sold or paid back, oldest first, a month in a part.

    Raises NotFound for a strange storefront, or Invalid(`invalid_date`).
    """
    names = ("date", "storefront", *reports.DAY, *(("profit_q",) if reports.sees_profit() else ()))

    async def bounds(tx: Tx) -> tuple[date, date]:
        if asked.storefront:
            await businesses.storefront(tx, asked.storefront)
        first, last = parse.day("from", getattr(asked, "from")), parse.day("to", asked.to)
        known, today = await tx.connection.fetchrow(BOUNDS, tx.business)  # type: ignore[misc]  # an aggregate returns a row always
        return max(first or known, known), min(last or today, today)

    whole = await read(bounds)
    yield lines([[*names, *(f"by_payment_method.{method}" for method in METHODS)]])
    for first, last in parse.months(*whole):
        found = await read(partial(reports.days_of, first=first, last=last, storefront=asked.storefront))
        yield lines([*(row[name] for name in names), *_methods(row)] for row in found)


def _methods(row: Any) -> list[int]:
    return [row["by_payment_method"].get(method, 0) for method in METHODS]


async def summary(read: Read, asked: exports_pb2.ExportSalesSummaryRequest) -> AsyncIterator[bytes]:
    """Yields the figures of a summary, or one of its lists; raises NotFound for a strange storefront, or Invalid."""
    request = reports_pb2.GetSalesSummaryRequest(
        **{"from": getattr(asked, "from")}, to=asked.to, storefront=asked.storefront, status=asked.status
    )
    found = await read(partial(reports.summary, request=request))
    if table := TABLES.get(asked.table):
        names = [field.name for field in found.DESCRIPTOR.fields_by_name[table].message_type.fields]
        rows = getattr(found, table)
    else:
        # What the caller may not see is absent.
        names = [field.name for field in found.DESCRIPTOR.fields if _is_figure(found, field)]
        rows = [found]
    yield lines([names, *([getattr(row, name) for name in names] for row in rows)])


def _is_figure(found: reports_pb2.GetSalesSummaryResponse, field: FieldDescriptor) -> bool:
    return not field.is_repeated and (not field.has_presence or found.HasField(field.name))  # type: ignore[arg-type]  # the name is a field's


def lines(rows: Iterable[Iterable[Any]]) -> bytes:
    """Returns rows as CSV (RFC 4180); times in RFC 3339, nothing where a value is absent."""
    text = io.StringIO()
    csv.writer(text).writerows([_text(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
