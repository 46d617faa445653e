"""Sessions: a row each, with its lines inside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from kit.db import RETRY, Tx
from kit.errors import Duplicate, Invalid
from orders.domain import checks
from orders.domain.channel import rules
from orders.domain.order import line_json
from orders.domain.session import Charges, Session
from orders.store.lines import line_of

NAMES = (
    "channel_code", "session_key", "id", "handle_type", "handle_ref", "state", "pricing_policy", "edit_policy", "currency",
    "rev", "lines", "discount_q", "shipping_q", "tax_q", "data", "checks", "issues", "pricing_trace", "commit_token",
    "order_ref", "opened_at", "committed_at", "updated_at",
)  # fmt: skip
COLUMNS = ", ".join(f"s.{name}" for name in NAMES)

# A partial index is used only where the statement repeats its condition on the column.
CHANNEL_AND_OPEN_SESSION = f"""
    select now() as now, c.is_active, c.config as channel_config, c.pricing_policy as channel_pricing_policy,
        c.edit_policy as channel_edit_policy, c.currency as channel_currency, {COLUMNS}
    from channels c
    left join sessions s on s.business_id = c.business_id and s.channel_code = c.code and s.state = 'open'
        and s.handle_type = $3 and s.handle_ref = $4 and s.handle_ref <> ''
    where c.business_id = $1 and c.code = $2
"""
OPEN_CHECKS = """
    select s.rev, s.checks, c.config from sessions s
    join channels c on c.business_id = s.business_id and c.code = s.channel_code
    where s.business_id = $1 and s.session_key = $2 and ($3 = '' or s.channel_code = $3) and s.state = 'open'
        and s.rev > 0
"""
SESSIONS_OF_KEY = f"""
    select {COLUMNS} from sessions s where s.business_id = $1 and s.session_key = $2 and ($3 = '' or s.channel_code = $3)
    limit 2
"""
SESSIONS_WITH_RULES = f"""
    select now() as now, s.xmin as version, {COLUMNS}, c.config as channel_config, c.config_version,
        coalesce(b.timezone, 'America/Sao_Paulo') as timezone,
        (select o.ref from orders o where o.business_id = $1 and o.channel_code = s.channel_code and o.external_ref = $4
            and o.external_ref <> '') as twin_ref
    from sessions s
    join channels c on c.business_id = s.business_id and c.code = s.channel_code
    left join businesses b on b.business_id = s.business_id
    where s.business_id = $1 and s.session_key = $2 and ($3 = '' or s.channel_code = $3)
    limit 2
"""
LOCKED_SESSIONS = f"{SESSIONS_WITH_RULES} for update of s"
INSERT = f"""insert into sessions (business_id, {", ".join(NAMES)})
    values ($1, {", ".join(f"${index + 2}" for index in range(len(NAMES)))})"""
CHANGEABLE = (
    "state", "rev", "lines", "discount_q", "shipping_q", "tax_q", "data", "checks", "issues", "pricing_trace", "commit_token",
    "order_ref", "committed_at", "updated_at",
)  # fmt: skip
UPDATE = f"""update sessions set {", ".join(f"{name} = ${index + 4}" for index, name in enumerate(CHANGEABLE))}
    where business_id = $1 and channel_code = $2 and session_key = $3"""
MOVE = """update sessions set handle_type = $4, handle_ref = $5, updated_at = $6
    where business_id = $1 and channel_code = $2 and session_key = $3"""
COMMIT = """update sessions set state = 'committed', commit_token = $5, order_ref = $6, committed_at = $7, updated_at = $7
    where business_id = $1 and channel_code = $2 and session_key = $3 and xmin = $4
    returning 1"""
ABANDON_IDLE = """
    with idle as (
        select business_id, channel_code, session_key from sessions
        where state = 'open' and updated_at < now() - $1::interval
        order by business_id, id limit $2
        for update skip locked
    )
    update sessions s set state = 'abandoned', updated_at = now()
    from idle i join channels c on c.business_id = i.business_id and c.code = i.channel_code
    where s.business_id = i.business_id and s.channel_code = i.channel_code and s.session_key = i.session_key
    returning s.business_id, s.channel_code, s.session_key, c.config
"""
LOCKED_OF_CUSTOMER = """
    select channel_code, session_key, data from sessions
    where business_id = $1 and handle_type = 'customer' and handle_ref = $2 and handle_ref <> ''
    order by channel_code, session_key for update
"""
SET_DATA = """
    update sessions s set data = n.data
    from unnest($2::text[], $3::text[], $4::jsonb[]) as n (channel_code, session_key, data)
    where s.business_id = $1 and s.channel_code = n.channel_code and s.session_key = n.session_key
"""
APPLY_CHECKS = """
    with given as (
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::jsonb[])
            as g (business_id, channel_code, session_key, rev, code, answer)
    ), locked as (
        select s.business_id, s.channel_code, s.session_key, s.rev, s.state
        from sessions s join given g using (business_id, channel_code, session_key)
        order by s.business_id, s.channel_code, s.session_key
        for update of s
    ), applied as (
        update sessions s
        set checks = s.checks || jsonb_build_object(g.code, g.answer -> 'check'),
            issues = (g.answer -> 'issues') || coalesce((select jsonb_agg(i) from jsonb_array_elements(s.issues) i
                where i ->> 'source' <> g.code), '[]'::jsonb)
        from given g join locked l using (business_id, channel_code, session_key)
        where s.business_id = g.business_id and s.channel_code = g.channel_code and s.session_key = g.session_key
            and l.rev = g.rev and l.state = 'open'
        returning s.business_id, s.channel_code, s.session_key
    )
    select l.business_id, l.channel_code, l.session_key, l.state, l.rev, a.session_key is not null as applied
    from locked l left join applied a using (business_id, channel_code, session_key)
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A session with what its commit must know."""

    session: Session
    version: int
    """Another one after each change of the row."""
    config: Mapping[str, Any]
    config_version: int
    timezone: str
    twin_ref: str | None
    """The order that has the external ref already."""


async def channel_and_open_session(
    tx: Tx, channel_code: str, handle_type: str, handle_ref: str
) -> tuple[asyncpg.Record | None, Session | None]:
    """Returns the channel's row and the session that is open under the handle."""
    row = await tx.connection.fetchrow(CHANNEL_AND_OPEN_SESSION, tx.business, channel_code, handle_type, handle_ref)
    if row is None:
        return None, None
    tx.now = row["now"]
    return row, session_of(row) if row["id"] else None


async def awaited_checks(tx: Tx, key: str, channel_code: str) -> Sequence[str]:
    """Returns the checks that the session requires if one of them is unanswered; none unless it is open and has lines."""
    for row in await tx.connection.fetch(OPEN_CHECKS, tx.business, key, channel_code):
        required = rules(row["config"]).required_checks
        if checks.pending(row["checks"], row["rev"], required):
            return required
    return ()


async def session(tx: Tx, key: str, channel_code: str) -> Session | None:
    """Returns the session; raises Invalid(`ambiguous_session`) when several channels have it and none is named."""
    row = _single(await tx.connection.fetch(SESSIONS_OF_KEY, tx.business, key, channel_code), key)
    return session_of(row) if row else None


async def lock_session(tx: Tx, key: str, channel_code: str) -> Found | None:
    """Returns the session, which nobody else can change until the transaction ends; raises Invalid as above."""
    return _found(await tx.connection.fetch(LOCKED_SESSIONS, tx.business, key, channel_code, ""), key)


async def session_to_commit(tx: Tx, key: str, channel_code: str, external_ref: str) -> Found | None:
    """Returns the session as it is now, and sets the transaction's clock; raises Invalid as above."""
    rows = await tx.connection.fetch(SESSIONS_WITH_RULES, tx.business, key, channel_code, external_ref)
    for row in rows:
        tx.now = row["now"]
    return _found(rows, key)


def _found(rows: "list[asyncpg.Record]", key: str) -> Found | None:
    row = _single(rows, key)
    if row is None:
        return None
    return Found(
        session_of(row), row["version"], row["channel_config"], row["config_version"], row["timezone"], row["twin_ref"]
    )


def insert_session(tx: Tx, new: Session) -> None:
    """Saves a new session; a key that exists raises Duplicate, a handle that was opened meanwhile is looked up again."""
    tx.conflicts["sessions_pkey"] = Duplicate("session_exists", session_key=new.session_key)
    tx.conflicts["sessions_open_handle"] = RETRY
    values = _values(new)
    tx.later(INSERT, tx.business, *(values[name] for name in NAMES))


def update_session(tx: Tx, changed: Session) -> None:
    """Saves a locked session."""
    values = _values(changed)
    key = (tx.business, changed.channel_code, changed.session_key)
    tx.later(UPDATE, *key, *(values[name] for name in CHANGEABLE))


def move_session(tx: Tx, moved: Session) -> None:
    """Saves the handle of a locked session; one that another session has meanwhile raises Duplicate(`handle_taken`)."""
    handle = (moved.handle_type, moved.handle_ref)
    tx.conflicts["sessions_open_handle"] = Duplicate("handle_taken", handle_type=handle[0], handle_ref=handle[1])
    tx.later(MOVE, tx.business, moved.channel_code, moved.session_key, *handle, moved.updated_at)


def commit_session(tx: Tx, committed: Session, version: int) -> None:
    """Saves that a session became an order, if it is still as it was read; its lines and data stay as they are."""
    key = (tx.business, committed.channel_code, committed.session_key, version)
    tx.guarded(COMMIT, *key, committed.commit_token, committed.order_ref, committed.committed_at)


async def abandon_idle(tx: Tx, ttl: timedelta, limit: int) -> "list[asyncpg.Record]":
    """Abandons open sessions that have not changed for the time; returns them, each with its channel's config."""
    return await tx.connection.fetch(ABANDON_IDLE, ttl, limit)


async def lock_of_customer(tx: Tx, business: UUID, customer: str) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Returns channel, key, and data of a customer's sessions, open or not, all locked."""
    return [tuple(row) for row in await tx.connection.fetch(LOCKED_OF_CUSTOMER, business, customer)]


def set_data(tx: Tx, business: UUID, rows: Sequence[tuple[str, str, Mapping[str, Any]]]) -> None:
    """Saves other data of locked sessions, given with their channels and keys; they count as no change by a caller."""
    if rows:
        tx.later(SET_DATA, business, *(list(column) for column in zip(*rows, strict=True)))


async def apply_checks(
    tx: Tx, rows: Sequence[tuple[UUID, str, str, int, str, Mapping[str, Any]]]
) -> "list[asyncpg.Record]":
    """Writes check results into the sessions that are open at the revision that was checked; tells of each what it found.

    A row is business, channel, session key, revision, check code, and the answer (`check` and `issues`); the old issues of
    that check go.
    """
    return await tx.connection.fetch(APPLY_CHECKS, *(list(column) for column in zip(*rows, strict=True)))


def session_of(row: asyncpg.Record) -> Session:
    """Returns the session that a row holds."""
    values = {name: row[name] for name in NAMES if name not in ("lines", "discount_q", "shipping_q", "tax_q")}
    charges = Charges(row["discount_q"], row["shipping_q"], row["tax_q"])
    return Session(**values, lines=tuple(map(line_of, row["lines"])), charges=charges)


def _values(session: Session) -> dict[str, Any]:
    own = {name: getattr(session, name) for name in NAMES if name not in ("lines", "discount_q", "shipping_q", "tax_q")}
    charges = session.charges
    return own | {
        "lines": [line_json(line) for line in session.lines],
        "discount_q": charges.discount_q,
        "shipping_q": charges.shipping_q,
        "tax_q": charges.tax_q,
    }


def _single(rows: "list[asyncpg.Record]", key: str) -> asyncpg.Record | None:
    if len(rows) > 1:
        raise Invalid("ambiguous_session", session_key=key, field="channel_code")
    return rows[0] if rows else None
