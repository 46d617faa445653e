"""Businesses and storefronts."""

from uuid import UUID

from kit.db import Tx
from sales.domain.business import Business, Storefront

BUSINESS = "select business_id, code, name, timezone, currency, created_at from businesses where business_id = $1"
BUSINESS_ID = "select business_id from businesses where code = $1"
INSERT_BUSINESS = """insert into businesses (business_id, code, name, timezone, currency, created_at)
    values ($1, $2, $3, $4, $5, $6)"""
STOREFRONT_COLUMNS = "code, name, timezone, currency, day_cutover_hour, is_active, created_at"
STOREFRONT = f"select {STOREFRONT_COLUMNS} from storefronts where business_id = $1 and code = $2"
INSERT_STOREFRONT = f"""insert into storefronts (business_id, {STOREFRONT_COLUMNS})
    values ($1, $2, $3, $4, $5, $6, $7, $8)"""


async def business(tx: Tx) -> Business | None:
    """Returns the caller's business."""
    row = await tx.connection.fetchrow(BUSINESS, tx.business)
    return Business(**row) if row else None


async def business_id(tx: Tx, code: str) -> UUID | None:
    """Returns the id of the business of that code, whoever's it is."""
    found: UUID | None = await tx.connection.fetchval(BUSINESS_ID, code)
    return found


def insert_business(tx: Tx, new: Business) -> None:
    """Saves a new business."""
    tx.later(INSERT_BUSINESS, new.business_id, new.code, new.name, new.timezone, new.currency, new.created_at)


async def storefront(tx: Tx, code: str) -> Storefront | None:
    """Returns the storefront."""
    row = await tx.connection.fetchrow(STOREFRONT, tx.business, code)
    return Storefront(**row) if row else None


def insert_storefront(tx: Tx, new: Storefront) -> None:
    """Saves a new storefront."""
    tx.later(
        INSERT_STOREFRONT, tx.business, new.code, new.name, new.timezone, new.currency, new.day_cutover_hour,
        new.is_active, new.created_at,
    )  # fmt: skip
