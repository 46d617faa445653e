"""Directives: the queue of record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from comanda.types.v1 import messaging_pb2
from kit.db import Tx
from orders.domain.directive import LEASE_SECONDS, LONGEST_LEASE_SECONDS, MOST_FAILURES, Directive

COLUMNS = """id, topic, case when status = 'queued' and leased_until > now() then 'running' else status end as status,
    payload, order_ref, session_key, attempts, available_at, error_code, last_error, created_at, started_at, updated_at"""
INSERT = """
    insert into directives (business_id, id, topic, status, payload, order_ref, channel_code, session_key, attempts,
        available_at, due_at, leased_until, created_at, started_at, updated_at)
    select $1, t.id, t.topic, 'queued', t.payload, t.order_ref, t.channel_code, t.session_key, t.attempts,
        t.available_at, t.due_at, t.leased_until, $2, t.started_at, $2
    from unnest($3::uuid[], $4::text[], $5::jsonb[], $6::text[], $7::text[], $8::text[], $9::int[], $10::timestamptz[],
        $11::timestamptz[], $12::timestamptz[], $13::timestamptz[])
        as t (id, topic, payload, order_ref, channel_code, session_key, attempts, available_at, due_at, leased_until,
            started_at)
"""
DIRECTIVE = f"select {COLUMNS} from directives where business_id = $1 and id = $2"
LOCKED_DIRECTIVE = f"{DIRECTIVE} for update"
# Attempts are counted on: an attempt that has the number of a former one would be taken for its repetition, and be ignored.
REQUEUE = f"""
    update directives set status = 'queued', failures = 0, available_at = now(), due_at = $3,
        leased_until = null, updated_at = now()
    where business_id = $1 and id = $2 returning {COLUMNS}
"""
# A person is in the copy of the order that the books are given, and in the greeting of a reminder.
FORGET = """
    update directives d set payload = n.payload, updated_at = now()
    from (
        select id, jsonb_set(payload, '{order,data}', $3, false) #- '{context,customer_name}' as payload
        from directives where business_id = $1 and order_ref = $2 and order_ref <> ''
    ) n
    where d.business_id = $1 and d.id = n.id and d.payload <> n.payload
"""
CANCEL_REMINDERS = """
    update directives set status = 'cancelled', leased_until = null, updated_at = now()
    where business_id = $1 and order_ref = $2 and status = 'queued' and payload ->> 'template' = $3
"""
CANCEL = f"""
    update directives set status = 'cancelled', leased_until = null, updated_at = now()
    where business_id = $1 and id = $2 returning {COLUMNS}
"""
# The businesses that have something queued are found by leaping from one to the next through the index.
BUSINESSES = """businesses as (
        (select business_id from directives where status = 'queued' order by business_id limit 1)
        union all
        select n.business_id from businesses b cross join lateral (
            select d.business_id from directives d where d.status = 'queued' and d.business_id > b.business_id
            order by d.business_id limit 1
        ) n
    )"""
# Each business has its share, so that one which is flooded holds up no other. A lease that ran out only sends the work
# again: that its executor was away is no failure of the work. While the outbox is behind, nothing that was sent before is
# sent again: the first message has not even left.
LEASE_DUE = f"""
    with recursive {BUSINESSES}, due as (
        select d.business_id, d.id from (select * from businesses order by random()) b cross join lateral (
            select d.business_id, d.id from directives d
            where d.business_id = b.business_id and d.status = 'queued' and d.due_at <= now()
                and (d.attempts = 0 or d.leased_until is null
                    or not exists (select from outbox where created_at < now() - interval '10 seconds'))
            order by d.due_at limit $1
            for update skip locked
        ) d
        limit $2
    )
    update directives d
    set attempts = d.attempts + 1, started_at = now(), updated_at = now(),
        leased_until = now() + make_interval(secs => least({LONGEST_LEASE_SECONDS}, {LEASE_SECONDS} * 2 ^ least(d.attempts, 9))),
        due_at = now() + make_interval(secs => least({LONGEST_LEASE_SECONDS}, {LEASE_SECONDS} * 2 ^ least(d.attempts, 9)))
    from due
    where d.business_id = due.business_id and d.id = due.id
    returning d.business_id, d.id, d.topic, d.payload, d.order_ref, d.session_key, d.attempts
"""
# Whether it has failed or is still on its way: its answer may be overtaken by the news that makes it out of date.
RESUME = f"""
    with due as (
        select d.business_id, d.id
        from unnest($1::uuid[], $2::text[]) as o (business_id, order_ref)
        join directives d on d.business_id = o.business_id and d.order_ref = o.order_ref and d.order_ref <> ''
        where d.topic = $3 and (d.status not in ('done', 'failed', 'cancelled') or d.status = 'failed' and d.error_code = $4)
        order by d.business_id, d.id
        for update of d
    )
    update directives d
    set status = 'queued', failures = 0, attempts = d.attempts + 1, available_at = now(), started_at = now(), updated_at = now(),
        leased_until = now() + make_interval(secs => {LEASE_SECONDS}), due_at = now() + make_interval(secs => {LEASE_SECONDS})
    from due
    where d.business_id = due.business_id and d.id = due.id
    returning d.business_id, d.id, d.topic, d.payload, d.order_ref, d.session_key, d.attempts
"""
# What an earlier attempt says of a failure no longer counts; that it succeeded always does. The status is asked in words that
# do not match the index of what is queued: the planner would rather walk all of that than look up a few by key.
SETTLE = f"""
    with given as (
        select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::text[], $6::text[], $7::float8[])
            as g (business_id, id, attempt, outcome, error_code, error, retry_after)
    ), locked as (
        select d.business_id, d.id, d.failures + 1 as failures
        from directives d join given g using (business_id, id)
        where d.status not in ('done', 'failed', 'cancelled')
            and (g.outcome = {messaging_pb2.OUTCOME_DONE} or g.attempt = d.attempts)
        order by d.business_id, d.id
        for update of d
    )
    update directives d
    set status = case
            when g.outcome = {messaging_pb2.OUTCOME_DONE} then 'done'
            when g.outcome = {messaging_pb2.OUTCOME_FAILED} or l.failures >= {MOST_FAILURES} then 'failed'
            else 'queued' end,
        failures = case when g.outcome = {messaging_pb2.OUTCOME_DONE} then d.failures else l.failures end,
        available_at = case when g.outcome = {messaging_pb2.OUTCOME_RETRY}
            then now() + make_interval(secs => coalesce(g.retry_after, 2 ^ l.failures)) else d.available_at end,
        due_at = now() + make_interval(secs => coalesce(g.retry_after, 2 ^ l.failures)),
        leased_until = null, error_code = g.error_code, last_error = g.error, updated_at = now()
    from given g join locked l using (business_id, id)
    where d.business_id = g.business_id and d.id = g.id
    returning d.business_id, d.id, d.topic, d.status, d.order_ref, d.channel_code, d.session_key, d.error_code, d.last_error,
        d.payload ->> 'reason' as reason, d.payload ->> 'return_number' as return_number
"""
STANDINGS = """
    select d.id, s.state, s.rev
    from unnest($1::uuid[], $2::uuid[]) as g (business_id, id)
    join directives d using (business_id, id) join sessions s using (business_id, channel_code, session_key)
"""
AMOUNT = """select coalesce(sum((payload ->> 'amount_q')::bigint), 0)::bigint from directives
    where business_id = $1 and order_ref = $2 and topic = $3 and order_ref <> '' and status not in ('failed', 'cancelled')"""
OLDEST = f"""
    with recursive {BUSINESSES}
    select extract(epoch from now() - min(d.available_at))::float8 from businesses b join directives d using (business_id)
    where d.status = 'queued' and d.due_at <= now()
"""


NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""When the sweeper looks at a directive that no service executes: its deliveries have times of their own."""


@dataclass(frozen=True, slots=True)
class Row:
    """A directive to be saved."""

    id: UUID
    topic: str
    payload: Any
    order_ref: str
    channel_code: str
    session_key: str
    attempts: int
    available_at: datetime
    due_at: datetime | None
    leased_until: datetime | None
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class Settlement:
    """How an attempt ended; retry_after is in seconds."""

    business: UUID
    id: UUID
    attempt: int
    outcome: int
    error_code: str
    error: str
    retry_after: float | None


def insert(tx: Tx, business: UUID, rows: Sequence[Row]) -> None:
    """Saves new directives with one statement."""
    names = Row.__dataclass_fields__
    tx.later(INSERT, business, tx.now, *([getattr(row, name) for row in rows] for name in names))


def lease(now: datetime) -> datetime:
    """Returns until when the first attempt may take."""
    return now + timedelta(seconds=LEASE_SECONDS)


async def directive(tx: Tx, identifier: UUID, *, lock: bool = False) -> Directive | None:
    """Returns the directive; locked until the transaction ends where asked."""
    row = await tx.connection.fetchrow(LOCKED_DIRECTIVE if lock else DIRECTIVE, tx.business, identifier)
    return Directive(**row) if row else None


async def requeue(tx: Tx, identifier: UUID, due_at: datetime) -> Directive:
    """Queues a directive as if it had never failed, to be looked at by the sweeper at that time."""
    [row] = await tx.connection.fetch(REQUEUE, tx.business, identifier, due_at)
    return Directive(**row)


async def cancel(tx: Tx, identifier: UUID) -> Directive:
    """Takes a directive out of the queue."""
    [row] = await tx.connection.fetch(CANCEL, tx.business, identifier)
    return Directive(**row)


def cancel_reminders(tx: Tx, business: UUID, order_ref: str, template: str) -> None:
    """Takes out of the queue what was to be sent by the template about the order."""
    tx.later(CANCEL_REMINDERS, business, order_ref, template)


def forget(tx: Tx, business: UUID, order_ref: str, data: Mapping[str, Any]) -> None:
    """Lets the work on an order know no more of its customer than the order's data do."""
    tx.later(FORGET, business, order_ref, data)


async def lease_due(tx: Tx, share: int, most: int) -> "list[asyncpg.Record]":
    """Leases out directives that are due, and those whose lease has run out: at most so many of each business, and in all."""
    return await tx.connection.fetch(LEASE_DUE, share, most)


async def resume(tx: Tx, orders: Sequence[tuple[UUID, str]], topic: str, error_code: str) -> "list[asyncpg.Record]":
    """Leases out what orders (business and ref) have of a topic that is under way or has failed with that code."""
    return await tx.connection.fetch(RESUME, *(list(column) for column in zip(*orders, strict=True)), topic, error_code)


async def standings(tx: Tx, keys: Sequence[tuple[UUID, UUID]]) -> dict[UUID, tuple[str, int]]:
    """Returns state and revision of the session that each directive (business and id) is about, where there is one."""
    rows = await tx.connection.fetch(STANDINGS, *(list(column) for column in zip(*keys, strict=True)))
    return {row["id"]: (row["state"], row["rev"]) for row in rows}


async def settle(tx: Tx, settlements: Sequence[Settlement]) -> "list[asyncpg.Record]":
    """Writes how attempts ended; returns the directives that this changed."""
    names = Settlement.__dataclass_fields__
    return await tx.connection.fetch(SETTLE, *([getattr(each, name) for each in settlements] for name in names))


async def amount_q(tx: Tx, order_ref: str, topic: str) -> int:
    """Returns what an order's directives of the topic ask for together, in minor units; without failed and cancelled ones."""
    total: int = await tx.connection.fetchval(AMOUNT, tx.business, order_ref, topic)
    return total


async def oldest_seconds(tx: Tx) -> float:
    """Returns how long the directive that waits longest has been due, in seconds."""
    return await tx.connection.fetchval(OLDEST) or 0.0
