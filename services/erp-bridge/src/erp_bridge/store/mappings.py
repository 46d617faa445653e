"""Mappings of our names to the ERP's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from erp_bridge.domain.mapping import Mappings
from kit.db import Tx

FOR_ORDER = """
    select kind, key, value from erp_mappings
    where business_id = $1
        and (kind not in ('product', 'customer') or kind = 'product' and key = any($2) or kind = 'customer' and key = any($3))
"""
PRODUCTS = "select key, value from erp_mappings where business_id = $1 and kind = 'product'"
BOOKED_CHANNELS = """
    select distinct business_id, key from erp_mappings
    where (business_id, key) in (select * from unnest($1::uuid[], $2::text[])) and kind in ('channel', 'category', 'account')
"""
SET = """
    insert into erp_mappings (business_id, kind, key, value, updated_at)
    values ($1, $2, $3, $4, now())
    on conflict (business_id, kind, key) do update set value = excluded.value, updated_at = excluded.updated_at
    returning updated_at
"""
REMOVE = "delete from erp_mappings where business_id = $1 and kind = $2 and key = $3 returning key"


async def for_order(tx: Tx, business: UUID, skus: Sequence[str], customers: Sequence[str]) -> Mappings:
    """Returns the mappings that matter to an order with these SKUs, and these keys for its customer."""
    rows = await tx.connection.fetch(FOR_ORDER, business, skus, customers)
    return Mappings({(row["kind"], row["key"]): row["value"] for row in rows})


async def products(tx: Tx, business: UUID) -> dict[str, str]:
    """Returns the ERP's code of each SKU that has a mapping."""
    return {row["key"]: row["value"] for row in await tx.connection.fetch(PRODUCTS, business)}


async def booked_channels(tx: Tx, places: Sequence[tuple[UUID, str]]) -> set[tuple[UUID, str]]:
    """Returns those of the channels (business and code) that have mappings of their own: somebody wants them in the books."""
    businesses, codes = zip(*places, strict=True)
    rows = await tx.connection.fetch(BOOKED_CHANNELS, list(businesses), list(codes))
    return {(row["business_id"], row["key"]) for row in rows}


async def put(tx: Tx, kind: str, key: str, value: Any) -> datetime:
    """Sets a mapping of the caller's business, and returns when."""
    at: datetime = await tx.connection.fetchval(SET, tx.business, kind, key, value)
    return at


async def remove(tx: Tx, kind: str, key: str) -> bool:
    """Removes a mapping of the caller's business; tells whether there was one."""
    return bool(await tx.connection.fetch(REMOVE, tx.business, kind, key))
