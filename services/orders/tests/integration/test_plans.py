"""The statements of the path that every order takes look at a handful of rows, however many rows there are."""

from collections.abc import AsyncIterator, Callable, Sequence
from types import ModuleType
from typing import Any
from uuid import UUID

import asyncpg
import pytest

import orders
from kit import db
from kit.testing import rows_read
from orders.store import directives, refs, sessions
from orders.store import orders as orders_store

BUSINESS = UUID(int=1)
ROWS = 3000
FEW = 10

FILL = f"""
    insert into businesses values ('{BUSINESS}', 'UTC', 'BRL');
    insert into channels select '{BUSINESS}', 'shop', 'Shop', 'external', 'open', 0, '{{}}', 1, true, 'BRL', now(), now();
    insert into channel_configs values ('{BUSINESS}', 'shop', 1, '{{}}', now());
    insert into sessions (business_id, channel_code, session_key, id, handle_type, handle_ref, state, pricing_policy,
        edit_policy, currency, rev, lines, discount_q, shipping_q, tax_q, data, checks, issues, pricing_trace, order_ref,
        opened_at, updated_at)
    select '{BUSINESS}', 'shop', 'S' || n, uuidv7(), '', '', case when n % 100 = 0 then 'open' else 'committed' end,
        'external', 'open', 'BRL', 1, '[]', 0, 0, 0, '{{}}', '{{}}', '[]', '[]', case when n % 100 = 0 then '' else 'O' || n end,
        now(), now()
    from generate_series(1, {ROWS}) n;
    insert into orders (business_id, ref, id, channel_code, config_version, session_key, handle_type, handle_ref, external_ref,
        status, currency, subtotal_q, discount_q, shipping_q, tax_q, total_q, items_count, data, snapshot, last_seq, created_at,
        updated_at)
    select '{BUSINESS}', 'O' || n, uuidv7(), 'shop', 1, 'S' || n, '', '', 'X' || n, 'new', 'BRL', 0, 0, 0, 0, 0, 1, '{{}}',
        '{{}}', 1, now(), now()
    from generate_series(1, {ROWS}) n;
    insert into directives (business_id, id, topic, status, payload, order_ref, channel_code, session_key, attempts,
        available_at, due_at, created_at, updated_at)
    select '{BUSINESS}', lpad(to_hex(n), 32, '0')::uuid, 'stock.hold', case when n % 100 = 0 then 'queued' else 'done' end,
        '{{}}', 'O' || n, 'shop', 'S' || n, 1, now(), now() + interval '1 hour', now(), now()
    from generate_series(1, {ROWS}) n;
"""
CHECK: dict[str, Any] = {"check": {}, "issues": []}
STATEMENTS: dict[str, tuple[str, Sequence[Any]]] = {
    "the channel to open on": (sessions.CHANNEL_AND_OPEN_SESSION, (BUSINESS, "shop", "", "")),
    "the session of a handle": (sessions.CHANNEL_AND_OPEN_SESSION, (BUSINESS, "shop", "table", "12")),
    "what a commit waits for": (sessions.OPEN_CHECKS, (BUSINESS, "S100", "shop")),
    "a session by its key": (sessions.SESSIONS_OF_KEY, (BUSINESS, "S100", "")),
    "the session to commit": (sessions.LOCKED_SESSIONS, (BUSINESS, "S100", "", "X7")),
    "the results of checks": (
        sessions.APPLY_CHECKS,
        ([BUSINESS], ["shop"], ["S100"], [1], ["stock"], [CHECK]),
    ),
    "the endings of directives": (
        directives.SETTLE,
        ([BUSINESS], [UUID(int=100)], [1], [1], [""], [""], [None]),
    ),
    "the ref of a value": (refs.REF, (BUSINESS, "TICKET", {}, "V7")),
    "the refs of a session": (refs.REFS_OF_SESSION, (BUSINESS, "shop", "S8", UUID(int=0), 9)),
    "the refs of an order": (refs.REFS_OF_ORDER, (BUSINESS, "O8", UUID(int=0), 9)),
    "the end of a session's refs": (refs.END_OF_SESSION, (BUSINESS, "shop", "S8", "")),
    "the end of an order's refs": (refs.END_OF_ORDER, (BUSINESS, "O7", "")),
    "directives that are due": (directives.LEASE_DUE, (5, 5)),
    "the age of what has been due longest": (directives.OLDEST, ()),
    "the order of a session": (orders_store.ORDER_OF_SESSION, (BUSINESS, "shop", "S7")),
    "an order to change": (orders_store.LOCKED_ORDER, (BUSINESS, "O7")),
}


@pytest.fixture
async def connection(
    new_database: Callable[[ModuleType], str],
) -> "AsyncIterator[asyncpg.pool.PoolConnectionProxy[asyncpg.Record]]":
    pool = await db.connect(new_database(orders), 1)
    async with pool.acquire() as connection:
        yield connection
    await pool.close()


async def test_no_statement_of_the_path_looks_at_more_rows_when_there_are_more(
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    """What an index is chosen for shows in the rows: a wrong one, or none, walks through all of a business's."""
    await connection.execute(f"{FILL}; analyze")
    read = {
        name: await rows_read(connection, statement, *arguments) for name, (statement, arguments) in STATEMENTS.items()
    }
    assert {name: rows for name, rows in read.items() if rows > FEW} == {}


async def test_plans_made_while_the_tables_were_empty_stay_good(
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    for statement, arguments in STATEMENTS.values():
        await rows_read(connection, statement, *arguments)
    await connection.execute(FILL)
    read = {
        name: await rows_read(connection, statement, *arguments) for name, (statement, arguments) in STATEMENTS.items()
    }
    assert {name: rows for name, rows in read.items() if rows > FEW} == {}
