"""The last that was heard of inventory's prices: what lines are sold at while inventory itself cannot be asked."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from kit.db import Tx

# What happened later counts, in whatever order it is heard of.
UPSERT_PRODUCTS = """
    insert into known_products as k (business_id, sku, name, price_q, is_active, as_of)
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bool[], $6::timestamptz[])
    on conflict (business_id, sku) do update
    set name = excluded.name, price_q = excluded.price_q, is_active = excluded.is_active, as_of = excluded.as_of
    where k.as_of <= excluded.as_of
"""
UPSERT_LISTS = """
    insert into known_price_lists as k (business_id, code, currency, is_active, as_of)
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bool[], $5::timestamptz[])
    on conflict (business_id, code) do update
    set currency = excluded.currency, is_active = excluded.is_active, as_of = excluded.as_of
    where k.as_of <= excluded.as_of
"""
UPSERT_PRICES = """
    insert into known_prices as k (business_id, price_list, sku, price_q, as_of)
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[])
    on conflict (business_id, price_list, sku) do update set price_q = excluded.price_q, as_of = excluded.as_of
    where k.as_of <= excluded.as_of
"""
KNOWN = """
    select p.sku, p.name, p.price_q, p.is_active, l.currency, c.price_q as listed_q
    from known_products p
    left join known_price_lists l on l.business_id = p.business_id and l.code = $3 and l.is_active
    left join known_prices c on c.business_id = l.business_id and c.price_list = l.code and c.sku = p.sku
    where p.business_id = $1 and p.sku = any($2)
"""

Row = tuple[Any, ...]


async def learn_products(tx: Tx, rows: Iterable[tuple[UUID, str, str, int, bool, datetime]]) -> None:
    """Keeps products: business, SKU, name, price, whether it is for sale, and when it was so; the latest of each counts."""
    await _learn(tx, UPSERT_PRODUCTS, rows, 2)


async def learn_lists(tx: Tx, rows: Iterable[tuple[UUID, str, str, bool, datetime]]) -> None:
    """Keeps price lists: business, code, currency, whether it is in use, and when it was so."""
    await _learn(tx, UPSERT_LISTS, rows, 2)


async def learn_prices(tx: Tx, rows: Iterable[tuple[UUID, str, str, int | None, datetime]]) -> None:
    """Keeps listed prices: business, list, SKU, price (None: the list has none any more), and when it was so."""
    await _learn(tx, UPSERT_PRICES, rows, 3)


async def known(tx: Tx, skus: Sequence[str], price_list: str) -> "list[asyncpg.Record]":
    """Returns what is known of each SKU, with its price on the list, if it has one, and the list's currency."""
    return await tx.connection.fetch(KNOWN, tx.business, skus, price_list)


async def _learn(tx: Tx, statement: str, rows: Iterable[Row], key: int) -> None:
    latest: dict[Row, Row] = {}
    for row in sorted(rows, key=lambda row: row[-1]):
        latest[row[:key]] = row
    ordered = [latest[each] for each in sorted(latest)]
    if ordered:
        await tx.connection.execute(statement, *(list(column) for column in zip(*ordered, strict=True)))
