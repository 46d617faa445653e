"""A list looks at about as many rows as it shows, however many orders a business has."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from hashlib import md5
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

import orders
from comanda.orders.v1 import orders_pb2
from kit import db
from kit.db import Tx
from kit.identity import Identity
from orders.queries import orders as queries
from orders.queries.orders import list_orders

BUSINESS = UUID(int=1)
ROWS = 20_000
PAGE = 10
FEW = 5 * PAGE
NEAR = 2 * 500 + FEW
"""A search first looks through 500 orders with their words."""
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
WHEN = f"timestamptz '{BEGAN:%Y-%m-%d}' + n * interval '1 second'"

MARK = f"{BUSINESS.hex[-12:]}/"
FILL = f"""
    insert into channel_configs values ('{BUSINESS}', 'shop', 1, '{{}}', now()), ('{BUSINESS}', 'rare', 1, '{{}}', now());
    insert into orders (business_id, ref, id, channel_code, config_version, session_key, handle_type, handle_ref, external_ref,
        status, currency, subtotal_q, discount_q, shipping_q, tax_q, total_q, items_count, data, snapshot, last_seq, created_at,
        updated_at)
    select '{BUSINESS}', 'O' || n,
        (lpad(to_hex((extract(epoch from {WHEN}) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid,
        case n % 5000 when 7 then 'rare' else 'shop' end, 1, 'S' || n, case n % 100 when 3 then 'table' else '' end,
        case n % 100 when 3 then 'T' || n else '' end, 'X' || n, case n % 5000 when 9 then 'new' else 'completed' end, 'BRL',
        n * 7919 % 100000, 0, 0, 0, n * 7919 % 100000, 1, '{{}}', '{{}}', 1, {WHEN}, {WHEN}
    from generate_series(1, {ROWS}) n;
    insert into order_search (business_id, id, words)
    select business_id, id, array_to_tsvector(array['{MARK}' || md5(ref), '{MARK}silva',
        '{MARK}' || case substr(ref, 2)::int % 1000 when 77 then 'souza' else 'lima' end])
    from orders;
    analyze;
"""
ROWS_READ = "select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) from pg_stat_xact_user_tables"
MIDDLE = BEGAN + timedelta(seconds=ROWS // 2)
LISTS: dict[str, dict[str, Any]] = {
    "newest": {},
    "oldest": {"order_by": "created_at"},
    "dearest": {"order_by": "-total_q"},
    "cheapest": {"order_by": "total_q"},
    "of a status that few have": {"status": ["new"]},
    "of a status that most have": {"status": ["completed"]},
    "of a channel that few use": {"channel_code": ["rare"]},
    "of a handle": {"handle_type": "table", "handle_ref": "T703"},
    "by external ref": {"external_ref": ["X77"]},
    "of a time long ago": {"created_from": MIDDLE, "created_to": MIDDLE + timedelta(seconds=PAGE)},
    "by a ref": {"search": md5(b"O77").hexdigest()},
    "by a name that many have": {"search": "silva"},
}


@pytest.fixture
async def tx(new_database: Callable[[ModuleType], str]) -> AsyncIterator[Tx]:
    pool = await db.connect(new_database(orders), 1)
    async with pool.acquire() as connection:
        await connection.execute(FILL)
        yield Tx(connection, Identity(BUSINESS, 1, "key:test"))
    await pool.close()


async def test_no_list_walks_through_a_business(tx: Tx) -> None:
    read = {name: await _rows_read(tx, asked) for name, asked in LISTS.items()}
    assert {name: rows for name, rows in read.items() if rows > (NEAR if "search" in LISTS[name] else FEW)} == {}


async def test_a_name_is_found_wherever_it_stands_and_page_by_page(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "FOR_A_NAME", 1200)
    monkeypatch.setattr(queries, "AMONG", 3500)
    ages = [f"O{number}" for number in range(77, ROWS, 1000)]
    assert await _all_pages(tx, search="Souza") == ages[::-1]
    assert await _all_pages(tx, search="Souza", order_by="created_at") == ages
    assert await _all_pages(tx, search="Souza", order_by="-total_q") == sorted(ages, key=_total)[::-1]


async def _all_pages(tx: Tx, **asked: Any) -> list[str]:
    found, token = list[str](), ""
    while not found or token:
        page = await list_orders(tx, orders_pb2.ListOrdersRequest(page_size=2, page_token=token, **asked))
        found, token = [*found, *(each.ref for each in page.items)], page.next_page_token
    return found


def _total(ref: str) -> int:
    return int(ref[1:]) * 7919 % 100_000


async def _rows_read(tx: Tx, asked: dict[str, Any]) -> int:
    transaction = tx.connection.transaction(isolation="repeatable_read", readonly=True)
    await transaction.start()
    before = await tx.connection.fetchval(ROWS_READ)
    page = await list_orders(tx, orders_pb2.ListOrdersRequest(page_size=PAGE, **asked))
    after = await tx.connection.fetchval(ROWS_READ)
    await transaction.rollback()
    assert page.items, asked
    return int(after - before)
