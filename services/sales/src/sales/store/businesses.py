"""Businesses and storefronts."""

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
