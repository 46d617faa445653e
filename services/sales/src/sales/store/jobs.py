"""What the jobs find to tell. A mark is written with what is told of it, so of many processes one tells it, and once."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from kit.db import Tx

REMINDERS = """
    with owed as (
        select s.business_id, s.id as sale_id, s.receipt_number, coalesce(s.customer_id::text, '') as customer_id, s.currency,
            s.amount_due_q,
            s.completed_at + make_interval(days => case when s.is_credit_sale then c.credit_terms_days else 0 end) as due_at
        from sales s
        left join customers c on c.business_id = s.business_id and c.id = s.customer_id
        where s.amount_due_q > 0 and s.status in ('pending', 'partial')
    ), due as (
        select *, case when due_at <= now() then 'overdue' else 'upcoming' end as stage
        from owed where due_at <= now() + make_interval(days => $1)
    ), marked as (
        insert into job_marks (business_id, job, subject)
        select business_id, 'reminder ' || stage, sale_id::text
        from due
        where not exists (
            select from job_marks m
            where m.business_id = due.business_id and m.job = 'reminder ' || stage and m.subject = sale_id::text
        )
        order by business_id, sale_id limit $2
        on conflict do nothing
        returning business_id, job, subject
    )
    select due.* from due join marked m on m.business_id = due.business_id and m.subject = due.sale_id::text
        and m.job = 'reminder ' || due.stage
"""
# Days of the last week, so that a week without any process is made up for.
ENDED_DAYS = """
    with ended as (
        select f.business_id, f.code as storefront,
            ((now() at time zone f.timezone) - make_interval(hours => f.day_cutover_hour))::date - n as day
        from storefronts f, generate_series(1, 7) as n
        where ((now() at time zone f.timezone) - make_interval(hours => f.day_cutover_hour))::date - n
            >= ((f.created_at at time zone f.timezone) - make_interval(hours => f.day_cutover_hour))::date
    ), marked as (
        insert into job_marks (business_id, job, subject)
        select business_id, 'day', storefront || '/' || day
        from ended
        where not exists (
            select from job_marks m
            where m.business_id = ended.business_id and m.job = 'day' and m.subject = storefront || '/' || day
        )
        order by business_id, storefront, day limit $1
        on conflict do nothing
        returning business_id, subject
    )
    select ended.* from ended join marked m on m.business_id = ended.business_id and m.subject = storefront || '/' || day
"""
IDLE_DRAFTS = """
    select business_id, id from sales
    where status = 'draft' and completion_id is null and created_at < now() - make_interval(hours => $1)
        and updated_at < now() - make_interval(hours => $1)
    order by created_at limit $2
"""
MISMATCHES = """
    with wrong as (
        select c.business_id, c.id as customer_id, c.balance_q, e.entries_q
        from customers c
        cross join lateral (
            select coalesce(sum(amount_q), 0)::bigint as entries_q
            from credit_entries e where e.business_id = c.business_id and e.customer_id = c.id
        ) as e
        where c.balance_q <> e.entries_q
    ), marked as (
        insert into job_marks (business_id, job, subject)
        select business_id, 'credit', customer_id || ' ' || balance_q || ' ' || entries_q from wrong
        order by 1, 3 limit $1
        on conflict do nothing
        returning business_id, subject
    )
    select wrong.* from wrong join marked m on m.business_id = wrong.business_id
        and m.subject = customer_id || ' ' || balance_q || ' ' || entries_q
"""


async def reminders(tx: Tx, days: int, limit: int) -> "Sequence[asyncpg.Record]":
    """Returns unpaid sales that are due within so many days or since, each once for either."""
    return await tx.connection.fetch(REMINDERS, days, limit)


async def ended_days(tx: Tx, limit: int) -> "Sequence[asyncpg.Record]":
    """Returns the storefronts' business days that are over, each once."""
    return await tx.connection.fetch(ENDED_DAYS, limit)


async def idle_drafts(tx: Tx, hours: int, limit: int) -> list[tuple[UUID, UUID]]:
    """Returns business and id of drafts that nobody has touched for so long."""
    return [tuple(row) for row in await tx.connection.fetch(IDLE_DRAFTS, hours, limit)]


async def mismatches(tx: Tx, limit: int) -> "Sequence[asyncpg.Record]":
    """Returns customers whose balance is not the sum of their entries, each difference once."""
    return await tx.connection.fetch(MISMATCHES, limit)
