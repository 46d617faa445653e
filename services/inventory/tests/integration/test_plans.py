"""The statements of the path that every unit takes look at a handful of rows, however many rows there are."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from types import ModuleType
from typing import Any
from uuid import UUID

import asyncpg
import pytest

import inventory
from inventory.store import blockage, directives, ledger, lots, reservations, shelves
from kit import db
from kit.testing import rows_read

BUSINESS = UUID(int=1)
ROWS = 3000
FEW = 20
NOW = datetime(2026, 1, 1, tzinfo=UTC)
HELD = UUID(int=7)

FILL = f"""
    insert into products (business_id, sku, name, unit, step, barcode, retail_price_q, wholesale_price_q, cost_q, is_active,
        created_at, updated_at)
    select '{BUSINESS}', 'P' || n, '', 'un', 1, '', 0, 0, 0, true, now(), now() from generate_series(1, {ROWS}) n;
    insert into locations (business_id, code, name, type, priority, is_active, created_at, updated_at)
    values ('{BUSINESS}', 'shop', '', 'storefront', 0, true, now(), now());
    insert into stock (business_id, sku, location, on_hand, reserved)
    select '{BUSINESS}', 'P' || n, 'shop', 10, 1 from generate_series(1, {ROWS}) n;
    insert into reservations (business_id, id, owner_type, owner_scope, owner_ref, sku, location, qty, qty_fulfilled, status,
        order_ref, created_at, expires_at)
    select '{BUSINESS}', lpad(to_hex(n), 32, '0')::uuid, 'session', 'web', 'S' || n, 'P' || n, 'shop', 1, 0, 'active', 'O' || n,
        now(), now() + interval '1 hour'
    from generate_series(1, {ROWS}) n;
    insert into session_holds select '{BUSINESS}', 'web', 'S' || n, 1 from generate_series(1, {ROWS}) n;
    insert into lots select '{BUSINESS}', lpad(to_hex(n), 32, '0')::uuid, 'P' || n, 'shop', '', null, 1, '', now(), 1, 1
    from generate_series(1, {ROWS}) n;
    insert into movements (business_id, type, sku, location, qty_delta, reference, reason, lot, supplier, actor, created_at, lot_id)
    select '{BUSINESS}', 'commit', 'P' || n, 'shop', -1, 'O' || n, '', '', '', '', now(), lpad(to_hex(n), 32, '0')::uuid
    from generate_series(1, {ROWS}) n;
    insert into order_stock select '{BUSINESS}', 'O' || n, now() from generate_series(1, {ROWS}) n;
"""
STATEMENTS: dict[str, tuple[str, Sequence[Any]]] = {
    "the shelves of SKUs": (shelves.LOCKED_SHELVES, ([BUSINESS] * 2, ["P1", "P2"])),
    "shelves to tidy": (shelves.FREE_SHELVES, ([BUSINESS], ["P1"], ["shop"])),
    "what is reserved on shelves": (shelves.RESERVED, ([BUSINESS], ["P1"], ["shop"])),
    "what ran out on shelves": (shelves.EXPIRED_RESERVATIONS, ([BUSINESS], ["P1"], ["shop"], [])),
    "reservations to change": (reservations.LOCKED_RESERVATIONS, ([BUSINESS], [HELD])),
    "reservations of an owner": (reservations.HELD_BY_OWNERS, ([BUSINESS], ["session"], ["web"], ["S7"])),
    "what belongs to an order": (directives.BELONGINGS, ([BUSINESS], ["order"], [""], ["O7"])),
    "who holds what is short": (blockage.HOLDS, ([BUSINESS], ["P7"], [""])),
    "the session of a hold": (directives.ADMITTED_SESSIONS, ([BUSINESS], ["web"], ["S7"], [2])),
    "the order of a commit": (directives.CLAIMED_ORDERS, ([BUSINESS], ["O7"])),
    "the end of reservations": (
        ledger.CHANGE_RESERVATIONS,
        ([BUSINESS], [HELD], [Decimal(1)], [Decimal(1)], ["committed"], ["O7"], [NOW], [NOW], [None]),
    ),
    "the counters": (ledger.COUNT_STOCK, ([BUSINESS], ["P7"], ["shop"], [Decimal(-1)], [Decimal(-1)], [False])),
    "what is left of lots": (lots.LEFT, ([BUSINESS], ["P7"], ["shop"])),
    "what an order took of lots": (lots.TAKEN, ([BUSINESS], ["P7"], ["shop"], ["O7"])),
    "the lots of a reservation": (lots.PICKS, (BUSINESS, "O7", "P7", "shop")),
    "the lots": (ledger.CHANGE_LOTS, ([BUSINESS], [HELD], [Decimal(-1)])),
}


@pytest.fixture
async def connection(
    new_database: Callable[[ModuleType], str],
) -> "AsyncIterator[asyncpg.pool.PoolConnectionProxy[asyncpg.Record]]":
    pool = await db.connect(new_database(inventory), 1)
    async with pool.acquire() as connection:
        yield connection
    await pool.close()


async def test_no_statement_of_the_path_looks_at_more_rows_when_there_are_more(
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    await connection.execute(f"{FILL}; analyze")
    read = {name: await rows_read(connection, statement, *given) for name, (statement, given) in STATEMENTS.items()}
    assert {name: rows for name, rows in read.items() if rows > FEW} == {}


async def test_plans_made_while_the_tables_were_empty_stay_good(
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    for statement, given in STATEMENTS.values():
        await rows_read(connection, statement, *given)
    await connection.execute(FILL)
    read = {name: await rows_read(connection, statement, *given) for name, (statement, given) in STATEMENTS.items()}
    assert {name: rows for name, rows in read.items() if rows > FEW} == {}
