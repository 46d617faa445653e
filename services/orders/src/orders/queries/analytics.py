"""Figures over the orders of a period, by the same index of ids that lists use."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import asyncpg

from comanda.orders.v1 import analytics_pb2 as pb
from kit import ids
from kit.db import Tx
from orders.domain import money, period
from orders.domain.period import Period
from orders.queries import paging

BUSINESS = """
    select now() as now, coalesce(b.timezone, 'America/Sao_Paulo') as timezone, coalesce(b.currency, 'BRL') as currency
    from (select 1) as one left join businesses b on b.business_id = $1
"""
MADE = """
    select o.status, o.channel_code, (o.created_at at time zone $7)::date as day, o.data, o.handle_type, o.handle_ref,
        o.status <> 'cancelled' as counts, o.currency = $8 as ours,
        case when o.currency = $8 then o.total_q else 0 end as amount_q,
        extract(epoch from o.ready_at - o.processing_at) as preparation,
        extract(epoch from o.delivered_at - o.dispatched_at) as delivery,
        to_char(coalesce(o.delivered_at, o.completed_at) at time zone $7, 'YYYY-MM-DD')
            <= left(o.data ->> 'delivery_date', 10) as on_time
    from orders o
    where o.business_id = $1 and o.created_at >= $2 and o.created_at < $3 and o.id >= $4 and o.id <= $5
        and ($6::text[] = '{}' or o.channel_code = any($6))
"""
FIGURES = f"""
    select grouping(status, channel_code, day) as kept, status, channel_code, day, count(*) as orders,
        count(*) filter (where not counts) as cancelled, count(*) filter (where counts and ours) as summed,
        coalesce(sum(amount_q) filter (where counts), 0) as revenue_q,
        avg(preparation) as preparation, avg(delivery) as delivery, avg(on_time::int) as on_time
    from ({MADE}) as made group by grouping sets ((), (status), (channel_code), (day)) order by day, channel_code, status
"""
TOTAL, BY_STATUS, BY_CHANNEL, BY_DAY = 0b111, 0b011, 0b101, 0b110
"""What `grouping` says of a row: a bit for each column that it is not about."""
CUSTOMERS = f"""
    select customer, coalesce(max(name), '') as name, count(*) as orders, sum(amount_q) as revenue_q
    from (select coalesce(case when handle_type = 'customer' then nullif(handle_ref, '') end, data #>> '{{customer,id}}',
              lower(data #>> '{{customer,email}}'), data #>> '{{customer,name}}') as customer,
              data #>> '{{customer,name}}' as name, amount_q
          from ({MADE}) as made where counts) as known
    where customer <> '' group by customer order by revenue_q desc, customer limit 10
"""
COMPLETED = """
    select (completed_at at time zone $5)::date as day, count(*) as orders,
        sum(case when currency = $6 then total_q else 0 end) as total_q
    from orders where business_id = $1 and completed_at >= $2 and completed_at < $3
        and ($4::text[] = '{}' or channel_code = any($4))
    group by day order by day
"""


async def order_analytics(tx: Tx, asked: pb.GetOrderAnalyticsRequest) -> pb.GetOrderAnalyticsResponse:
    """Returns the figures; raises Invalid(`invalid_period`)."""
    business = await tx.connection.fetchrow(BUSINESS, tx.business)
    assert business is not None
    zone, currency = business["timezone"], business["currency"]
    when = period.read(getattr(asked, "from"), asked.to, business["now"], zone)
    channels = list(asked.channel_code)
    among = (
        tx.business,
        when.start,
        when.end,
        ids.earliest(when.start),
        ids.latest(when.end),
        channels,
        zone,
        currency,
    )
    async with paging.planned(tx):
        made = await tx.connection.fetch(FIGURES, *among)
        customers = await tx.connection.fetch(CUSTOMERS, *among)
        completed = await tx.connection.fetch(COMPLETED, *among[:3], channels, zone, currency)
    return _answer(when, zone, currency, made, customers, completed)


def _answer(
    when: Period,
    zone: str,
    currency: str,
    made: Iterable[asyncpg.Record],
    customers: Iterable[asyncpg.Record],
    completed: Iterable[asyncpg.Record],
) -> pb.GetOrderAnalyticsResponse:
    rows = {kept: [row for row in made if row["kept"] == kept] for kept in (TOTAL, BY_STATUS, BY_CHANNEL, BY_DAY)}
    [all_of_them] = rows[TOTAL]
    days = _days(rows[BY_DAY], completed)
    answer = pb.GetOrderAnalyticsResponse(
        to=str(when.last),
        timezone=zone,
        currency=currency,
        total_orders=all_of_them["orders"],
        orders_by_status={row["status"]: row["orders"] for row in rows[BY_STATUS]},
        orders_by_channel={row["channel_code"]: row["orders"] for row in rows[BY_CHANNEL]},
        **_sums(all_of_them),
        **_times(all_of_them),
        on_time_rate=_rate(all_of_them["on_time"]),
        completed_orders=sum(day.completed_orders for day in days),
        completed_total_q=money.bounded(sum(day.completed_total_q for day in days)),
        by_day=days,
        by_channel=[_channel(row) for row in rows[BY_CHANNEL]],
        top_customers=[_customer(row) for row in customers],
    )
    setattr(answer, "from", str(when.first))
    return answer


def _days(made: Iterable[asyncpg.Record], completed: Iterable[asyncpg.Record]) -> list[pb.DayFigures]:
    days = {row["day"]: pb.DayFigures(date=str(row["day"]), **_counts(row), **_sums(row)) for row in made}
    for row in completed:
        day = days.setdefault(row["day"], pb.DayFigures(date=str(row["day"])))
        day.completed_orders, day.completed_total_q = row["orders"], money.bounded(int(row["total_q"]))
    return [days[day] for day in sorted(days)]


def _channel(row: asyncpg.Record) -> pb.ChannelFigures:
    return pb.ChannelFigures(channel_code=row["channel_code"], **_counts(row), **_sums(row), **_times(row))


def _customer(row: asyncpg.Record) -> pb.CustomerFigures:
    revenue_q = money.bounded(int(row["revenue_q"]))
    return pb.CustomerFigures(customer=row["customer"], name=row["name"], orders=row["orders"], revenue_q=revenue_q)


def _counts(row: asyncpg.Record) -> dict[str, Any]:
    return {"orders": row["orders"], "cancelled_orders": row["cancelled"]}


def _sums(row: asyncpg.Record) -> dict[str, Any]:
    revenue_q = money.bounded(int(row["revenue_q"]))
    return {
        "revenue_q": revenue_q,
        "average_order_value_q": money.divided(revenue_q, row["summed"]),
    }


def _times(row: asyncpg.Record) -> dict[str, Any]:
    return {f"avg_{name}_seconds": _whole(row[name]) for name in ("preparation", "delivery")}


def _whole(average: Decimal | None) -> int | None:
    return None if average is None else int(average.quantize(money.ONE, ROUND_HALF_UP))


def _rate(average: Decimal | None) -> str | None:
    return None if average is None else str(average.quantize(Decimal("0.0001"), ROUND_HALF_UP))
