"""Businesses and storefronts."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kit.db import Tx
from kit.errors import NotFound
from sales.domain.business import Business, Storefront
from sales.domain.discount import Limits

BUSINESS = """
    select business_id, code, name, timezone, currency, created_at, staff_discount_limit, manager_discount_limit
    from businesses where business_id = $1
"""
DISCOUNT_LIMITS = "select staff_discount_limit, manager_discount_limit from businesses where business_id = $1"
ZONE = "select timezone from businesses where business_id = $1"
BUSINESS_ID = "select business_id from businesses where code = $1"
LOCKED_BUSINESS = f"{BUSINESS} for no key update"
SAVE_BUSINESS = """
    update businesses set name = $2, timezone = $3, staff_discount_limit = $4, manager_discount_limit = $5
    where business_id = $1
"""
INSERT_BUSINESS = """insert into businesses (business_id, code, name, timezone, currency, created_at)
    values ($1, $2, $3, $4, $5, $6)"""
STOREFRONT_COLUMNS = "code, name, timezone, currency, day_cutover_hour, is_active, created_at"
STOREFRONT = f"select {STOREFRONT_COLUMNS} from storefronts where business_id = $1 and code = $2"
# The key's answer, if there is one: whoever repeats himself gets it, whatever has become of the storefront.
OPENING = f"""
    select now() as now, {", ".join(f"s.{name}" for name in STOREFRONT_COLUMNS.split(", "))},
        b.staff_discount_limit, b.manager_discount_limit, k.digest, k.answer
    from businesses b
    left join storefronts s on s.business_id = b.business_id and s.code = $2
    left join idempotency_keys k on k.business_id = b.business_id and k.scope = $3 and k.key = $4
        and k.answer is not null and k.expires_at > now()
    where b.business_id = $1
"""
LOCKED_STOREFRONT = f"{STOREFRONT} for no key update"
SAVE_STOREFRONT = """
    update storefronts set name = $3, timezone = $4, day_cutover_hour = $5, is_active = $6 where business_id = $1 and code = $2
"""
INSERT_STOREFRONT = f"""insert into storefronts (business_id, {STOREFRONT_COLUMNS})
    values ($1, $2, $3, $4, $5, $6, $7, $8)"""


async def business(tx: Tx, *, lock: bool = False) -> Business | None:
    """Returns the caller's business."""
    row = await tx.connection.fetchrow(LOCKED_BUSINESS if lock else BUSINESS, tx.business)
    return Business(**row) if row else None


async def discount_limits(tx: Tx) -> Limits:
    """Returns how much of a price each role may give away in the caller's business; raises NotFound."""
    row = await tx.connection.fetchrow(DISCOUNT_LIMITS, tx.business)
    if row is None:
        raise NotFound("not_found")
    return Limits(*row)


async def zone(tx: Tx) -> str:
    """Returns the time zone of the caller's business; empty where there is none."""
    return await tx.connection.fetchval(ZONE, tx.business) or ""


async def business_id(tx: Tx, code: str) -> UUID | None:
    """Returns the id of the business of that code, whoever's it is."""
    found: UUID | None = await tx.connection.fetchval(BUSINESS_ID, code)
    return found


def insert_business(tx: Tx, new: Business) -> None:
    """Saves a new business."""
    tx.later(INSERT_BUSINESS, new.business_id, new.code, new.name, new.timezone, new.currency, new.created_at)


def save_business(tx: Tx, changed: Business) -> None:
    """Saves a locked business."""
    limits = (changed.staff_discount_limit, changed.manager_discount_limit)
    tx.later(SAVE_BUSINESS, changed.business_id, changed.name, changed.timezone, *limits)


Answered = tuple[bytes, bytes]
"""Digest and answer of the call that used a key first."""


class Opening(NamedTuple):
    """What a new draft goes by: the time, its storefront, its business's limits, and what a repeated call was answered."""

    now: datetime
    storefront: Storefront | None
    limits: Limits
    first: Answered | None


async def opening(tx: Tx, code: str, scope: str, key: str) -> Opening:
    """Returns what a new draft in a storefront goes by, and what a call with a key was answered; raises NotFound."""
    row = await tx.connection.fetchrow(OPENING, tx.business, code, scope, key)
    if row is None:
        raise NotFound("not_found")
    now, *storefront, staff, manager, digest, answer = row
    found = Storefront(*storefront) if storefront[0] is not None else None
    return Opening(now, found, Limits(staff, manager), (digest, answer) if answer is not None else None)


async def storefront(tx: Tx, code: str, *, lock: bool = False) -> Storefront:
    """Returns the storefront; raises NotFound."""
    row = await tx.connection.fetchrow(LOCKED_STOREFRONT if lock else STOREFRONT, tx.business, code)
    if row is None:
        raise NotFound("not_found", code=code)
    return Storefront(**row)


def save_storefront(tx: Tx, changed: Storefront) -> None:
    """Saves a locked storefront."""
    tx.later(
        SAVE_STOREFRONT, tx.business, changed.code, changed.name, changed.timezone, changed.day_cutover_hour,
        changed.is_active,
    )  # fmt: skip


def insert_storefront(tx: Tx, new: Storefront) -> None:
    """Saves a new storefront."""
    tx.later(
        INSERT_STOREFRONT, tx.business, new.code, new.name, new.timezone, new.currency, new.day_cutover_hour,
        new.is_active, new.created_at,
    )  # fmt: skip
