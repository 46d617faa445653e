"""Deliveries: the queue of what leaves the house, and the log of every attempt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from kit.db import Tx
from orders.domain.delivery import Delivery, Outcome
from orders.domain.directive import CANCELLED, MOST_FAILURES

LEASE_SECONDS = 30
MATCHES = "(e.topics @> array[t.topic] or e.topics @> array['*'])"
NEW = """insert into deliveries (business_id, id, directive_id, topic, kind, endpoint_id, lane, status, due_at, created_at,
    updated_at)"""
# What goes by webhook is spread over the addresses that want it; where there is none, the directive waits for one.
INSERT = f"""
    {NEW}
    select $1, uuidv7(), t.id, t.topic, t.kind, e.id, coalesce(e.id::text, t.kind), 'queued', t.due_at, now(), now()
    from unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[]) as t (id, topic, kind, due_at)
    left join webhook_endpoints e on t.kind = 'webhook' and e.business_id = $1 and e.is_active and {MATCHES}
    where t.kind <> 'webhook' or e.id is not null
"""
INSERT_WAITING = f"""
    {NEW}
    select t.business_id, uuidv7(), t.id, t.topic, 'webhook', e.id, e.id::text, 'queued', t.available_at, now(), now()
    from directives t join webhook_endpoints e on e.business_id = t.business_id and e.id = $2 and e.is_active and {MATCHES}
    where t.business_id = $1 and t.status = 'queued' and t.due_at = $3
        and not exists (select from deliveries d where d.business_id = t.business_id and d.directive_id = t.id
            and d.status <> 'cancelled')
"""
CANCEL_OF = """update deliveries set status = 'cancelled', updated_at = now()
    where business_id = $1 and directive_id = $2 and status in ('queued', 'sending')"""
CANCEL_LANE = """update deliveries set status = 'cancelled', updated_at = now()
    where business_id = $1 and lane = $2 and status in ('queued', 'sending')"""
REVIVE = """update deliveries set status = 'queued', due_at = now(), failures = 0, updated_at = now()
    where business_id = $1 and directive_id = $2 and status = 'failed'"""
LOCKED = "select status, endpoint_id from deliveries where business_id = $1 and id = $2 for update"
REDELIVER = """update deliveries set status = 'queued', due_at = now(), failures = 0, updated_at = now()
    where business_id = $1 and id = $2"""
REAP = "update deliveries set status = 'queued' where status = 'sending' and due_at < now()"
# Each lane (an address, or a kind of a business) has at most $1 under way, so that one that is dead or flooded holds up no other.
# The lanes are found by leaping from one to the next through the index, however long each of them is.
LEASE = f"""
    with recursive lanes as (
        (select business_id, lane from deliveries where status = 'queued' order by business_id, lane limit 1)
        union all
        select n.business_id, n.lane from lanes l cross join lateral (
            select d.business_id, d.lane from deliveries d
            where d.status = 'queued' and (d.business_id, d.lane) > (l.business_id, l.lane)
            order by d.business_id, d.lane limit 1
        ) n
    ), picked as (
        select d.business_id, d.id from (select * from lanes order by random()) l cross join lateral (
            select d.business_id, d.id from deliveries d
            where d.business_id = l.business_id and d.lane = l.lane and d.status = 'queued' and d.due_at <= now()
            order by d.due_at
            limit greatest(0, $1 - (
                select count(*) from deliveries s
                where s.status = 'sending' and s.business_id = l.business_id and s.lane = l.lane
            ))
            for update skip locked
        ) d
        limit $2
    ), leased as (
        update deliveries d set status = 'sending', attempts = d.attempts + 1, updated_at = now(),
            due_at = now() + interval '{LEASE_SECONDS} seconds'
        from picked p where d.business_id = p.business_id and d.id = p.id
        returning d.business_id, d.id, d.directive_id, d.topic, d.kind, d.attempts, d.endpoint_id
    )
    select l.business_id, l.id, l.directive_id, l.topic, l.kind, l.attempts, t.payload, t.order_ref, t.status as directive_status,
        coalesce(o.data #>> '{{customer,email}}', '') as customer_email, coalesce(e.url, '') as url,
        coalesce(e.secret, '') as secret
    from leased l
    join directives t on t.business_id = l.business_id and t.id = l.directive_id
    left join webhook_endpoints e on e.business_id = l.business_id and e.id = l.endpoint_id
    left join orders o on o.business_id = l.business_id and o.ref = t.order_ref
"""
# What was leased although its directive is cancelled: however that came about, it is not sent.
DROP = """update deliveries d set status = 'cancelled', attempts = d.attempts - 1
    from unnest($1::uuid[], $2::uuid[]) as given (business_id, id)
    where d.business_id = given.business_id and d.id = given.id"""
MARK_RUNNING = f"""
    update directives t set started_at = now(), updated_at = now(), attempts = greatest(t.attempts, given.attempts),
        leased_until = now() + interval '{LEASE_SECONDS} seconds'
    from (select business_id, id, max(attempts) as attempts
        from unnest($1::uuid[], $2::uuid[], $3::int[]) as g (business_id, id, attempts) group by 1, 2) as given
    where t.business_id = given.business_id and t.id = given.id and t.status = 'queued'
"""
LOCK_DIRECTIVE = "select 1 from directives where business_id = $1 and id = $2 for update"
SETTLE = f"""
    update deliveries d
    set status = case when $4 = '' then 'delivered' when $5 or d.failures + 1 >= {MOST_FAILURES} then 'failed' else 'queued' end,
        failures = case when $4 = '' then d.failures else d.failures + 1 end,
        due_at = now() + make_interval(secs => 2 ^ (d.failures + 1)), response_code = $6, error_code = $4, last_error = $7,
        delivered_at = case when $4 = '' then now() else d.delivered_at end, updated_at = now()
    where d.business_id = $1 and d.id = $2 and d.attempts = $3 and d.status = 'sending'
"""
LOG = """
    insert into delivery_attempts (business_id, delivery_id, attempt, started_at, duration_ms, response_code, error_code, error)
    values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing
"""
ROLL_UP = """
    update directives t
    set status = case when d.pending then 'queued' when d.failed then 'failed' else 'done' end,
        attempts = greatest(t.attempts, d.attempts), available_at = coalesce(d.next, t.available_at),
        leased_until = case when d.sending then t.leased_until end, updated_at = now(),
        error_code = case when $3 <> '' then $3 when d.pending or d.failed then t.error_code else '' end,
        last_error = case when $3 <> '' then $4 when d.pending or d.failed then t.last_error else '' end
    from (
        select bool_or(status in ('queued', 'sending')) as pending, bool_or(status = 'sending') as sending,
            bool_or(status = 'failed') as failed, max(attempts) as attempts, min(due_at) filter (where status = 'queued') as next
        from deliveries where business_id = $1 and directive_id = $2
    ) d
    where t.business_id = $1 and t.id = $2 and t.status in ('queued', 'failed') and d.pending is not null
    returning t.business_id, t.id, t.topic, t.status, t.order_ref, t.error_code, t.last_error, t.payload ->> 'note_id' as note_id
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a delivery is, and where it goes."""

    status: str
    endpoint_id: UUID | None


def insert(tx: Tx, business: UUID, rows: Sequence[tuple[UUID, str, str, datetime]]) -> None:
    """Queues what directives (id, topic, kind, and when it is due) need to have sent."""
    tx.later(INSERT, business, *(list(column) for column in zip(*rows, strict=True)))


async def insert_waiting(tx: Tx, endpoint: UUID, never: datetime) -> None:
    """Queues for an address what has waited for one like it."""
    await tx.connection.execute(INSERT_WAITING, tx.business, endpoint, never)


async def lease(tx: Tx, each: int, most: int) -> list[Delivery]:
    """Leases out deliveries that are due, those too whose lease has run out: at most so many of each lane, and in all."""
    await tx.connection.execute(REAP)
    rows = [Delivery(**row) for row in await tx.connection.fetch(LEASE, each, most)]
    dropped = [(row.business_id, row.id) for row in rows if row.directive_status == CANCELLED]
    leased = [row for row in rows if row.directive_status != CANCELLED]
    marked = [(row.business_id, row.directive_id, row.attempts) for row in leased]
    for statement, columns in ((DROP, dropped), (MARK_RUNNING, marked)):
        if columns:
            tx.later(statement, *(list(column) for column in zip(*columns, strict=True)))
    return leased


async def settle(
    tx: Tx, sent: Delivery, outcome: Outcome, started: datetime, milliseconds: int
) -> "asyncpg.Record | None":
    """Writes how an attempt ended; returns the directive as it is then, unless it is over and done with."""
    place = (sent.business_id, sent.directive_id)
    error = outcome.error[:500]
    await tx.connection.execute(LOCK_DIRECTIVE, *place)
    own = (sent.business_id, sent.id, sent.attempts)
    await tx.connection.execute(SETTLE, *own, outcome.error_code, outcome.final, outcome.response_code, error)
    log = (started, milliseconds, outcome.response_code, outcome.error_code, error)
    await tx.connection.execute(LOG, *own, *log)
    return await tx.connection.fetchrow(ROLL_UP, *place, outcome.error_code, error)


async def cancel(tx: Tx, directive: UUID) -> None:
    """Takes what a directive has not had sent out of the queue."""
    await tx.connection.execute(CANCEL_OF, tx.business, directive)


async def cancel_lane(tx: Tx, endpoint: UUID) -> None:
    """Takes what an address has not been sent out of the queue."""
    await tx.connection.execute(CANCEL_LANE, tx.business, str(endpoint))


async def revive(tx: Tx, directive: UUID) -> None:
    """Makes what a directive failed to have sent due at once, as if it had never failed."""
    await tx.connection.execute(REVIVE, tx.business, directive)


async def lock(tx: Tx, delivery: UUID) -> Standing | None:
    """Returns how far a delivery is, locked until the transaction ends."""
    row = await tx.connection.fetchrow(LOCKED, tx.business, delivery)
    return Standing(**row) if row else None


async def redeliver(tx: Tx, delivery: UUID) -> None:
    """Makes one delivery due at once, as if it had never been tried."""
    await tx.connection.execute(REDELIVER, tx.business, delivery)
