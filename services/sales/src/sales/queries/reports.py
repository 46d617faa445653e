"""Reports, each counted anew from the sales: they cannot disagree with them."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from comanda.sales.v1 import reports_pb2 as pb
from comanda.sales.v1.sales_pb2 import SaleStatus
from kit.call import current
from kit.db import Tx
from sales.domain import amounts, days, receipt
from sales.domain.business import Storefront
from sales.domain.sale import COMPLETED
from sales.messages.sales import WITHOUT_PROFIT
from sales.messages.values import plain, short
from sales.store import businesses

EARLIEST, LATEST = date.min, date.max
DAY = ("sales_count", "total_sales_q", "tax_q", "discount_q", "refunds_q")
"""What a day's row counts, beside what was paid by method and, for those who may see it, profit."""
# One row a sale: its taxes and cost beside what it holds itself. A sale that is a draft, or was cancelled, is none.
FINISHED = """
    with finished as (
        select s.id, s.status, s.storefront, s.business_date, s.customer_id, s.seller, s.total_q, s.amount_paid_q, s.amount_due_q,
            s.amount_refunded_q, s.tax_q + i.tax_q as taxes_q, s.discount_q + i.discount_q as discounts_q, i.cost_q,
            s.total_q - s.tax_q - i.tax_q - i.cost_q as profit_q
        from sales s
        cross join lateral (
            select coalesce(sum(tax_q), 0)::bigint as tax_q, coalesce(sum(discount_q), 0)::bigint as discount_q,
                coalesce(sum(round(quantity * unit_cost_q)), 0)::bigint as cost_q
            from sale_items i where i.business_id = s.business_id and i.sale_id = s.id
        ) as i
        where s.business_id = $1 and s.business_date between $2 and $3 and ($4 = '' or s.storefront = $4)
            and s.status in ('completed', 'partial', 'pending', 'refunded')
    )
"""
TOTALS = f"""
    {FINISHED}, counted as (select * from finished where status = any($5::text[]))
    select (select count(*) from counted) as sales_count,
        (select coalesce(sum(total_q), 0)::bigint from counted) as total_sales_q,
        (select coalesce(sum(cost_q), 0)::bigint from counted) as cogs_q,
        (select coalesce(sum(taxes_q), 0)::bigint from counted) as tax_q,
        (select coalesce(sum(discounts_q), 0)::bigint from counted) as discount_q,
        (select coalesce(sum(profit_q), 0)::bigint from counted) as profit_q,
        coalesce(sum(amount_paid_q - amount_refunded_q), 0)::bigint as realized_revenue_q,
        coalesce(sum(amount_due_q), 0)::bigint as outstanding_revenue_q,
        coalesce(sum(realized_q), 0)::bigint as realized_profit_q,
        coalesce(sum(case when amount_due_q > 0 then profit_q - realized_q else 0 end), 0)::bigint as outstanding_profit_q,
        coalesce(sum(amount_refunded_q), 0)::bigint as refunds_q
    from (
        select *, case when total_q > 0
            then round(profit_q::numeric * (amount_paid_q - amount_refunded_q) / total_q) else profit_q end as realized_q
        from finished
    ) as finished
"""
TOP_CUSTOMERS = f"""
    {FINISHED}
    select c.id::text as customer_id, c.name, count(*) as sales_count, sum(total_q)::bigint as total_sales_q
    from finished f join customers c on c.business_id = $1 and c.id = f.customer_id
    where f.status = any($5::text[])
    group by 1, 2 order by 4 desc, 1 limit 10
"""
TOP_SELLERS = f"""
    {FINISHED}
    select seller as user, count(*) as sales_count, sum(total_q)::bigint as total_sales_q
    from finished where status = any($5::text[])
    group by 1 order by 3 desc, 1 limit 10
"""
TOP_PRODUCTS = f"""
    {FINISHED}
    select i.sku, (array_agg(i.name order by i.id desc))[1] as name, sum(i.quantity) as quantity,
        sum(i.total_q)::bigint as total_sales_q
    from finished f join sale_items i on i.business_id = $1 and i.sale_id = f.id
    where f.status = any($5::text[])
    group by 1 order by 4 desc, 1 limit 10
"""
# One row a business date and storefront on which something was sold, or paid back of whatever sale.
DAYS = f"""
    {FINISHED}, completed as (select * from finished where status = 'completed'),
    sold as (
        select business_date as date, storefront, count(*) as sales_count, sum(total_q)::bigint as total_sales_q,
            sum(taxes_q)::bigint as tax_q, sum(discounts_q)::bigint as discount_q, sum(profit_q)::bigint as profit_q
        from completed group by 1, 2
    ), paid as (
        select date, storefront, jsonb_object_agg(method, paid_q order by method) as by_payment_method
        from (
            select c.business_date as date, c.storefront, p.method, sum(p.amount_q)::bigint as paid_q
            from completed c join payments p on p.business_id = $1 and p.sale_id = c.id
            group by 1, 2, 3
        ) as methods
        group by 1, 2
    ), paid_back as (
        select date, storefront, sum(amount_q)::bigint as refunds_q
        from (
            select s.storefront, r.amount_q,
                ((r.processed_at at time zone f.timezone) - make_interval(hours => f.day_cutover_hour))::date as date
            from refunds r
            join sales s on s.business_id = r.business_id and s.id = r.sale_id
            join storefronts f on f.business_id = s.business_id and f.code = s.storefront
            where r.business_id = $1 and r.status = 'processed' and ($4 = '' or s.storefront = $4)
        ) as processed
        where date between $2 and $3
        group by 1, 2
    )
    select date, storefront, coalesce(sales_count, 0) as sales_count, coalesce(total_sales_q, 0) as total_sales_q,
        coalesce(tax_q, 0) as tax_q, coalesce(discount_q, 0) as discount_q, coalesce(refunds_q, 0) as refunds_q,
        coalesce(profit_q, 0) as profit_q, coalesce(by_payment_method, '{{}}') as by_payment_method
    from sold full join paid_back using (date, storefront) left join paid using (date, storefront)
    order by date, storefront
"""


async def daily(tx: Tx, request: pb.GetDailyReportRequest) -> pb.GetDailyReportResponse:
    """Returns what was sold on a business date; raises NotFound for a strange storefront, or Invalid(`invalid_date`)."""
    day = days.day("date", request.date) or await today(tx, request.storefront)
    if request.storefront:
        await businesses.storefront(tx, request.storefront)
    rows = await days_of(tx, day, day, request.storefront)
    found = pb.GetDailyReportResponse(
        storefront=request.storefront,
        date=day.isoformat(),
        **{name: sum(row[name] for row in rows) for name in DAY},
        by_payment_method=sum((Counter(row["by_payment_method"]) for row in rows), Counter()),
    )
    if sees_profit():
        found.profit_q = sum(row["profit_q"] for row in rows)
    return found


async def days_of(
    tx: Tx, first: date, last: date, storefront: str, business: UUID | None = None
) -> "Sequence[asyncpg.Record]":
    """Returns what each storefront, or the one, did on each business date within the given ones on which it did anything.

    The business is the caller's unless another is named.
    """
    return await tx.connection.fetch(DAYS, business or tx.business, first, last, storefront)


async def today(tx: Tx, storefront: str = "") -> date:
    """Returns the business date of the moment: the storefront's, or the business's."""
    moment: datetime = await tx.connection.fetchval("select now()")
    if storefront:
        return receipt.business_date(await businesses.storefront(tx, storefront), moment)
    return receipt.business_date(Storefront("", "", await businesses.zone(tx), "", 0, True, moment), moment)


async def summary(tx: Tx, request: pb.GetSalesSummaryRequest) -> pb.GetSalesSummaryResponse:
    """Returns what was sold within dates; raises NotFound for a strange storefront, or Invalid(`invalid_date`)."""
    if request.storefront:
        await businesses.storefront(tx, request.storefront)
    first, last = days.day("from", getattr(request, "from")), days.day("to", request.to)
    statuses = [short(SaleStatus, each) for each in request.status] or [COMPLETED]
    place = (tx.business, first or EARLIEST, last or LATEST, request.storefront, statuses)
    totals = await _row(tx, TOTALS, *place)
    names = (
        "sales_count", "total_sales_q", "tax_q", "discount_q", "realized_revenue_q", "outstanding_revenue_q", "refunds_q",
    )  # fmt: skip
    found = pb.GetSalesSummaryResponse(
        **{name: totals[name] for name in names},
        average_sale_q=_average(totals),
        top_customers=[pb.TopCustomer(**dict(row)) for row in await tx.connection.fetch(TOP_CUSTOMERS, *place)],
        top_sellers=[pb.TopSeller(**dict(row)) for row in await tx.connection.fetch(TOP_SELLERS, *place)],
        top_products=[_product(row) for row in await tx.connection.fetch(TOP_PRODUCTS, *place)],
    )
    if sees_profit():
        for name in ("cogs_q", "profit_q", "realized_profit_q", "outstanding_profit_q"):
            setattr(found, name, totals[name])
        found.margin = plain(amounts.share(totals["profit_q"], totals["total_sales_q"] - totals["tax_q"]))
    return found


async def _row(tx: Tx, statement: str, *arguments: UUID | date | str | list[str]) -> Any:
    return await tx.connection.fetchrow(statement, *arguments)


def _average(totals: Any) -> int:
    count: int = totals["sales_count"]
    return amounts.rounded(amounts.ONE * totals["total_sales_q"] / count) if count else 0


def _product(row: Any) -> pb.TopProduct:
    return pb.TopProduct(**{**row, "quantity": f"{row['quantity']:.3f}"})


def sees_profit() -> bool:
    """Tells whether the caller may see cost and profit."""
    return current.get().identity.role not in WITHOUT_PROFIT
