"""Lists as a whole, a page of rows at a time, as lines of CSV."""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from comanda.sales.v1 import customers_pb2, exports_pb2
from kit.db import Tx
from sales.messages.sales import WITHOUT_PROFIT
from sales.queries import customers
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

Read = Callable[[Callable[[Tx], Awaitable[Any]]], Awaitable[Any]]
"""Runs a read of its own, so that no connection is held while a slow reader takes a page."""


async def sales(read: Read, asked: exports_pb2.ExportSalesRequest, role: int) -> AsyncIterator[bytes]:
    """Yields the sales that match, oldest first, in parts; raises NotFound for a strange storefront, and Invalid."""

    async def known(tx: Tx) -> None:
        for code in asked.storefront:
            await businesses.storefront(tx, code)

    async def page(tx: Tx, after: UUID) -> Sequence[Any]:
        where, values = conditions(tx, asked)
        n = len(values)
        statement = f"{SALES} {where} and id > ${n + 1} order by id limit {BATCH}"
        found: Sequence[Any] = await tx.connection.fetch(statement, *values, after)
        return found

    await read(known)
    names, after = SALE if role in WITHOUT_PROFIT else (*SALE, *PROFIT), FIRST_ID
    yield lines([names])
    while rows := await read(partial(page, after=after)):
        yield lines([row[name] for name in names] for row in rows)
        after = rows[-1]["id"]


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


def lines(rows: Iterable[Iterable[Any]]) -> bytes:
    """Returns rows as CSV (RFC 4180); times in RFC 3339, nothing where a value is absent."""
    text = io.StringIO()
    csv.writer(text).writerows([_text(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
