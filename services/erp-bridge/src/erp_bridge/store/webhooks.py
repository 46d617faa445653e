"""Events of the ERP as they came in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from erp_bridge.domain import webhook as rules
from kit.db import Tx
from kit.ids import uuid7

LEASE = timedelta(seconds=30)
"""How long an event that is being followed stays out of others' hands: its process may have been killed."""
COLUMNS = "business_id, message_id, id, account, topic, payload, state, attempts, last_error, received_at, updated_at"
KEEP = """
    insert into omie_webhooks (business_id, message_id, id, account, topic, payload, state, next_at, received_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, 'pending', now(), now(), now())
    on conflict (business_id, message_id) do nothing
"""
CLAIM = f"""
    update omie_webhooks set attempts = attempts + 1, next_at = now() + $2, updated_at = now()
    where (business_id, message_id) in (
        select business_id, message_id from omie_webhooks
        where state = 'pending' and next_at <= now()
        order by next_at
        limit $1
        for update skip locked
    )
    returning {COLUMNS}
"""
SETTLE = """
    update omie_webhooks set state = $3, last_error = $4, next_at = now() + $5, updated_at = now()
    where business_id = $1 and message_id = $2 and state = 'pending'
"""
RETRY = f"""
    update omie_webhooks set state = 'pending', attempts = 0, next_at = now(), updated_at = now()
    where business_id = $1 and message_id = $2
    returning {COLUMNS}
"""
OLD = "delete from omie_webhooks where received_at < now() - interval '90 days' and state in ('done', 'ignored')"


@dataclass(frozen=True, slots=True)
class Webhook:
    """An event of the ERP."""

    business_id: UUID
    message_id: str
    id: UUID
    account: str
    """A digest of the key of the account that it came from."""
    topic: str
    payload: dict[str, Any]
    state: str
    attempts: int
    last_error: str
    received_at: datetime
    updated_at: datetime


async def keep(tx: Tx, business: UUID, account: str, payload: dict[str, Any]) -> None:
    """Keeps an event of an account, unless it came before."""
    topic = str(payload.get("topic") or "")
    await tx.connection.execute(KEEP, business, rules.message_id(payload), uuid7(), account, topic, payload)


async def claim(tx: Tx, most: int) -> list[Webhook]:
    """Takes events to follow, those first that wait longest."""
    return [Webhook(**row) for row in await tx.connection.fetch(CLAIM, most, LEASE)]


def settle(tx: Tx, event: Webhook, state: str, error: str = "", pause: float = 0.0) -> None:
    """Notes what became of an event; one that stays `pending` is tried again after so many seconds."""
    tx.later(SETTLE, event.business_id, event.message_id, state, error, timedelta(seconds=pause))


async def retry(tx: Tx, message: str) -> Webhook | None:
    """Lets an event be followed again, and returns it."""
    row = await tx.connection.fetchrow(RETRY, tx.business, message)
    return Webhook(**row) if row else None


async def tidy(tx: Tx) -> None:
    """Removes events that were followed long ago."""
    await tx.connection.execute(OLD)
