"""Addresses that a business wants to be called at."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kit.db import Tx

COLUMNS = "id, url, topics, description, is_active, created_at, updated_at"
ENDPOINT = f"select {COLUMNS} from webhook_endpoints where business_id = $1 and id = $2"
LOCKED_ENDPOINT = f"{ENDPOINT} for update"
INSERT = f"insert into webhook_endpoints (business_id, secret, {COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
UPDATE = """update webhook_endpoints set url = $3, topics = $4, description = $5, is_active = $6, updated_at = $7
    where business_id = $1 and id = $2"""
UPDATE_SECRET = "update webhook_endpoints set secret = $3, updated_at = now() where business_id = $1 and id = $2"
DELETE = "delete from webhook_endpoints where business_id = $1 and id = $2"
BUSINESSES_THAT_WANT = """select distinct e.business_id from webhook_endpoints e
    where e.business_id = any($1::uuid[]) and e.is_active and (e.topics @> array[$2::text] or e.topics @> array['*'])"""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address; its secret is read only by what signs with it."""

    id: UUID
    url: str
    topics: list[str]
    description: str
    is_active: bool
    created_at: datetime
    updated_at: datetime


async def endpoint(tx: Tx, identifier: UUID, *, lock: bool = False) -> Endpoint | None:
    """Returns the address; locked until the transaction ends where asked."""
    row = await tx.connection.fetchrow(LOCKED_ENDPOINT if lock else ENDPOINT, tx.business, identifier)
    return Endpoint(**row) if row else None


async def businesses_that_want(tx: Tx, businesses: Collection[UUID], topic: str) -> set[UUID]:
    """Returns those of the businesses that have an address for a topic."""
    return {row["business_id"] for row in await tx.connection.fetch(BUSINESSES_THAT_WANT, list(businesses), topic)}


async def insert(tx: Tx, new: Endpoint, secret: str) -> None:
    """Saves a new address."""
    values = (getattr(new, name) for name in COLUMNS.split(", "))
    await tx.connection.execute(INSERT, tx.business, secret, *values)


async def update(tx: Tx, changed: Endpoint) -> None:
    """Saves what may change of a locked address."""
    values = (changed.url, changed.topics, changed.description, changed.is_active, changed.updated_at)
    await tx.connection.execute(UPDATE, tx.business, changed.id, *values)


async def update_secret(tx: Tx, identifier: UUID, secret: str) -> None:
    """Saves the secret that signs from now on."""
    await tx.connection.execute(UPDATE_SECRET, tx.business, identifier, secret)


async def delete(tx: Tx, identifier: UUID) -> None:
    """Removes an address."""
    await tx.connection.execute(DELETE, tx.business, identifier)
