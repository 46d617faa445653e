"""The last word: what the database itself refuses, should a mistake in the code ever ask for it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

import inventory

SQL = Path(inventory.__file__).parent
SHELF = "business_id = (select business_id from products limit 1) and sku = 'coffee'"
RESERVE = """
    insert into reservations (business_id, id, owner_type, owner_scope, owner_ref, sku, location, qty, qty_fulfilled, status,
        order_ref, created_at, expires_at)
    select business_id, uuidv7(), {owner_type}, '', 'C', 'coffee', 'main', {qty}, {fulfilled}, {status}, '', now(), now()
    from products
"""
MOVE = """
    insert into movements (business_id, type, sku, location, qty_delta, reference, reason, lot, supplier, actor, created_at)
    select business_id, {type}, 'coffee', 'main', {qty}, '', '', '', '', 'x', now() from products
"""


def reserve(owner_type: str = "cart", qty: str = "1", fulfilled: str = "0", status: str = "active") -> str:
    return RESERVE.format(
        owner_type=f"'{owner_type}'", qty=f"'{qty}'", fulfilled=f"'{fulfilled}'", status=f"'{status}'"
    )


def move(kind: str, qty: str) -> str:
    return MOVE.format(type=f"'{kind}'", qty=f"'{qty}'")


VIOLATIONS = {
    f"update stock set on_hand = -1, reserved = -2 where {SHELF}": "stock_promised",
    f"update stock set reserved = -1 where {SHELF}": "stock_promised",
    f"update stock set reserved = on_hand + 0.001 where {SHELF}": "stock_promised",
    f"update stock set on_hand = 0 where {SHELF}": "stock_promised",
    f"update stock set on_hand = 'NaN' where {SHELF}": "stock_numbers",
    f"update stock set backorder_limit = 2, reserved = on_hand + 2.001 where {SHELF}": "stock_promised",
    f"update stock set safety_stock = -1 where {SHELF}": "stock_settings",
    f"update stock set backorder_limit = 'NaN' where {SHELF}": "stock_settings",
    "insert into stock select business_id, 'coffee', 'spare', -1, 0 from products": "stock_promised",
    "insert into stock select business_id, 'tea', 'main', 1, 0 from products": "stock_product",
    "insert into stock select business_id, 'coffee', 'moon', 1, 0 from products": "stock_location",
    reserve(qty="0"): "reservations_qty",
    reserve(qty="-1"): "reservations_qty",
    reserve(qty="1", fulfilled="1.001"): "reservations_qty",
    reserve(qty="1", fulfilled="-1"): "reservations_qty",
    reserve(qty="NaN"): "reservations_numbers",
    reserve(owner_type="thief"): "reservations_owner_type",
    reserve(status="lost"): "reservations_status",
    reserve(status="committed"): "reservations_committed",
    reserve(status="released"): "reservations_released",
    move("receipt", "-1"): "movements_type",
    move("return", "-1"): "movements_type",
    move("commit", "1"): "movements_type",
    move("adjustment", "0"): "movements_type",
    move("theft", "-1"): "movements_type",
    move("receipt", "NaN"): "movements_number",
}
REWRITINGS = [
    "update movements set qty_delta = 100",
    "update movements set actor = 'nobody'",
    "delete from movements",
    "truncate movements",
    "insert into movements select * from movements on conflict (business_id, id) do update set qty_delta = 100",
    "delete from stock",
    "truncate stock",
]


@pytest.fixture
async def login(shop: Any) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A login like the service's, which owns all tables and is no superuser; something is on the shelf and held."""
    await shop.stock(coffee="5")
    await shop.hold("S1", coffee="2")
    name = f"login_{uuid4().hex[:12]}"
    async with shop.database.pool.acquire() as connection:
        await connection.execute(f"create role {name}")
        await connection.execute(f"grant all on schema public to {name}")
        await connection.execute(f"grant update, delete, truncate on movements to {name}")
        for row in await connection.fetch("select tablename from pg_tables where schemaname = 'public'"):
            await connection.execute(f"alter table {row['tablename']} owner to {name}")
        await connection.execute(f"set role {name}")
        yield connection
        await connection.execute(f"reset role; reassign owned by {name} to current_user")
        await connection.execute(f"drop owned by {name}; drop role {name}")


async def refused(connection: Any, statement: str) -> str:
    """Plants a violation; returns the constraint or the words that it is refused with, or what it did."""
    try:
        return str(await connection.execute(statement))
    except asyncpg.IntegrityConstraintViolationError as error:
        return str(error.constraint_name)
    except (asyncpg.RaiseError, asyncpg.InsufficientPrivilegeError, asyncpg.FeatureNotSupportedError) as error:
        return str(error)


async def test_no_quantity_can_be_written_that_there_cannot_be(login: Any) -> None:
    assert {statement: await refused(login, statement) for statement in VIOLATIONS} == VIOLATIONS


async def test_the_ledger_cannot_be_rewritten_by_anybody(login: Any, shop: Any) -> None:
    before = await shop.rows("select * from movements"), await shop.rows("select * from stock")
    refusals = [await refused(login, statement) for statement in REWRITINGS]
    await login.execute("reset role")
    refusals += [await refused(login, statement) for statement in REWRITINGS]  # as superuser
    allowed = [each for each in refusals if not re.search("append-only|is kept|referenced in a foreign key", each)]
    assert allowed == []
    assert (await shop.rows("select * from movements"), await shop.rows("select * from stock")) == before


async def test_the_service_has_no_right_to_rewrite_its_ledger(shop: Any) -> None:
    [row] = await shop.rows("select relacl::text as rights from pg_class where relname = 'movements'")
    owner = re.search(r"postgres=(\w+)/", row["rights"])
    assert owner
    assert set("wdD").isdisjoint(owner[1])


def test_stock_and_ledger_are_written_in_one_place() -> None:
    writing = re.compile(r"(?:insert into|update|delete from|truncate) (?:stock|movements)\b")
    places: dict[str, int] = {}
    for file in SQL.rglob("*.py"):
        if found := len(writing.findall(file.read_text())):
            places[file.relative_to(SQL).as_posix()] = found
    assert places == {"store/ledger.py": 3, "store/shelves.py": 1}, "shelves.py only makes empty shelves"
