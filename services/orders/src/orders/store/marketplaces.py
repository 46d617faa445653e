"""Connections to marketplaces, and the events that came through them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from kit.db import Tx
from orders.domain.marketplace import Event, Marketplace

COLUMNS = "business_id, channel_code, kind, hook, secret, status_map, is_active, created_at, updated_at"
MARKETPLACE = f"select {COLUMNS} from marketplaces where business_id = $1 and channel_code = $2"
# The only key that is not led by the business: it is what says which business it is.
OF_HOOK = f"select {COLUMNS} from marketplaces where hook = $1"
UPSERT = f"""
    insert into marketplaces ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (business_id, channel_code) do update
    set kind = excluded.kind, secret = excluded.secret, status_map = excluded.status_map, is_active = excluded.is_active,
        updated_at = excluded.updated_at
"""
EVENT = "business_id, channel_code, event_id, order_id, code, status, error_code, order_ref, attempts, received_at, settled_at"
INSERT_EVENTS = """
    insert into marketplace_events (business_id, channel_code, event_id, order_id, code, payload)
    select $1, $2, * from unnest($3::text[], $4::text[], $5::text[], $6::jsonb[])
    on conflict do nothing returning event_id
"""
CLAIM = f"""
    update marketplace_events e set attempts = e.attempts + 1, due_at = now() + interval '30 seconds'
    from (select d.business_id, d.channel_code, d.event_id from marketplace_events d
          where d.status = 'received' and d.due_at <= now() and (d.code = 'PLACED' or not exists (
              select from marketplace_events p where p.business_id = d.business_id and p.channel_code = d.channel_code
              and p.order_id = d.order_id and p.status = 'received' and p.position < d.position))
          order by d.due_at limit 1 for update skip locked) n
    where (e.business_id, e.channel_code, e.event_id) = (n.business_id, n.channel_code, n.event_id)
    returning {", ".join(f"e.{name}" for name in EVENT.split(", "))}, e.payload
"""
LOCK_EVENT = """
    select m.* from marketplaces m join marketplace_events e using (business_id, channel_code)
    where business_id = $1 and channel_code = $2 and e.event_id = $3 and e.status = 'received' for update of e
"""
SETTLE = """
    update marketplace_events set status = $4, error_code = $5, order_ref = $6, settled_at = now()
    where business_id = $1 and channel_code = $2 and event_id = $3
"""
POSTPONE = """
    update marketplace_events set error_code = $4, due_at = now() + $5 * interval '1 second'
    where business_id = $1 and channel_code = $2 and event_id = $3 and status = 'received'
"""
RETRY = f"""
    update marketplace_events set status = 'received', error_code = '', attempts = 0, due_at = now(), settled_at = null
    where business_id = $1 and channel_code = $2 and event_id = $3 and status in ('failed', 'ignored', 'received')
    returning {EVENT}
"""
EVENT_BY_ID = f"select {EVENT} from marketplace_events where business_id = $1 and channel_code = $2 and event_id = $3"
ORDER_OF = (
    "select ref from orders where business_id = $1 and channel_code = $2 and external_ref = $3 and external_ref <> ''"
)
EVENTS = f"""
    select {EVENT}, position from marketplace_events
    where business_id = $1 and channel_code = $2 and ($3::text[] = '{{}}' or status = any($3)) and ($4 = '' or order_id = $4)
        and position < $5
    order by position desc limit $6
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An event that nobody else looks at for a while."""

    business_id: UUID
    channel_code: str
    attempts: int
    event: Event

    @property
    def place(self) -> tuple[UUID, str, str]:
        """Its key."""
        return self.business_id, self.channel_code, self.event.event_id


async def marketplace(tx: Tx, channel_code: str) -> Marketplace | None:
    """Returns a channel's connection."""
    row = await tx.connection.fetchrow(MARKETPLACE, tx.business, channel_code)
    return Marketplace(**row) if row else None


async def of_hook(tx: Tx, hook: str) -> Marketplace | None:
    """Returns the connection that a path belongs to."""
    row = await tx.connection.fetchrow(OF_HOOK, hook)
    return Marketplace(**row) if row else None


def save(tx: Tx, found: Marketplace) -> None:
    """Saves a connection."""
    tx.later(UPSERT, *(getattr(found, name) for name in COLUMNS.split(", ")))


async def insert_events(tx: Tx, at: Marketplace, events: Sequence[Event]) -> int:
    """Keeps events; returns how many are new."""
    columns = zip(*((e.event_id, e.order_id, e.code, e.payload) for e in events), strict=True)
    fresh = await tx.connection.fetch(INSERT_EVENTS, at.business_id, at.channel_code, *map(list, columns))
    return len(fresh)


async def claim(tx: Tx) -> Claimed | None:
    """Takes the next event that is due; of one order the first, or the one that makes it, which others may wait for."""
    row = await tx.connection.fetchrow(CLAIM)
    if row is None:
        return None
    event = Event(row["event_id"], row["order_id"], row["code"], row["payload"])
    return Claimed(row["business_id"], row["channel_code"], row["attempts"], event)


async def lock_event(tx: Tx, claimed: Claimed) -> Marketplace | None:
    """Locks an event that is still to be followed, and returns its connection."""
    row = await tx.connection.fetchrow(LOCK_EVENT, *claimed.place)
    return Marketplace(**row) if row else None


def settle(tx: Tx, claimed: Claimed, status: str, error_code: str = "", order_ref: str = "") -> None:
    """Ends an event."""
    tx.later(SETTLE, *claimed.place, status, error_code, order_ref)


def postpone(tx: Tx, claimed: Claimed, error_code: str, seconds: float) -> None:
    """Puts an event off."""
    tx.later(POSTPONE, *claimed.place, error_code, seconds)


async def retry(tx: Tx, channel_code: str, event_id: str) -> asyncpg.Record | None:
    """Makes an event due again and returns it, or as it is where it was followed already; None where there is none."""
    place = (tx.business, channel_code, event_id)
    return await tx.connection.fetchrow(RETRY, *place) or await tx.connection.fetchrow(EVENT_BY_ID, *place)


async def order_of(tx: Tx, channel_code: str, order_id: str) -> str:
    """Returns the ref of the order that the marketplace knows under an id; empty where there is none."""
    found: Any = await tx.connection.fetchval(ORDER_OF, tx.business, channel_code, order_id)
    return found or ""
