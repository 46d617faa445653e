"""API keys."""

from datetime import datetime
from uuid import UUID

import asyncpg

from kit.db import Tx
from kit.errors import NotFound
from sales.domain import api_key as domain
from sales.domain.api_key import ApiKey

NAMES = (
    "business_id", "id", "label", "role", "customer_id", "digest", "created_by", "created_at", "revoked_at", "scopes",
    "expires_at",
)  # fmt: skip
COLUMNS = ", ".join(NAMES)
API_KEY = f"select {COLUMNS}, now() as now from api_keys where id = $1"
INSERT = f"insert into api_keys ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
OWN_API_KEY = f"select {COLUMNS} from api_keys where business_id = $1 and id = $2"
LOCKED_API_KEY = f"{OWN_API_KEY} for no key update"
EXPIRE = "update api_keys set expires_at = $3 where business_id = $1 and id = $2"
REVOKED = f"""
    update api_keys set revoked_at = coalesce(revoked_at, now()) where business_id = $1 and id = $2
    returning {COLUMNS}, old.revoked_at is null as was_good
"""


async def api_key(tx: Tx, key_id: UUID) -> tuple[ApiKey | None, datetime]:
    """Returns the key of that id, of whatever business (its bearer is yet to be told), and the time by the database's clock."""
    row = await tx.connection.fetchrow(API_KEY, key_id)
    return (read(row), row["now"]) if row else (None, tx.now)


def insert(tx: Tx, new: ApiKey) -> None:
    """Saves a new key."""
    tx.later(
        INSERT, new.business_id, new.id, new.label, domain.name(new.role), new.customer_id, new.digest, new.created_by,
        new.created_at, new.revoked_at, new.scopes, new.expires_at,
    )  # fmt: skip


async def own_api_key(tx: Tx, key_id: UUID, *, lock: bool = False) -> ApiKey:
    """Returns a key of the caller's business; raises NotFound."""
    row = await tx.connection.fetchrow(LOCKED_API_KEY if lock else OWN_API_KEY, tx.business, key_id)
    if row is None:
        raise NotFound("not_found", id=str(key_id))
    return read(row)


def expire(tx: Tx, key: ApiKey, moment: datetime) -> None:
    """Lets a locked key be good until a moment and no longer."""
    tx.later(EXPIRE, key.business_id, key.id, moment)


async def revoke(tx: Tx, key_id: UUID) -> tuple[ApiKey, bool] | None:
    """Revokes a key of the caller's business; returns it and whether it was good until now."""
    row = await tx.connection.fetchrow(REVOKED, tx.business, key_id)
    return (read(row), row["was_good"]) if row else None


def read(row: "asyncpg.Record") -> ApiKey:
    """Returns the key in a row that has its columns."""
    return ApiKey(**{name: row[name] for name in NAMES} | {"role": domain.role(row["role"])})
