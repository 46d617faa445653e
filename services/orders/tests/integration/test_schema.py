"""The database itself: what the migrations make of it, and what it refuses whoever asks."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import asyncpg
import pytest
from order_calls import FREE, committed, line, make_channel, opened

import orders
from kit import migrations
from kit.testing import apart
from orders.tables import METADATA


async def test_the_tables_equal_the_migrations(new_database: Callable[[ModuleType], str]) -> None:
    url, found = new_database(orders), []
    apart(lambda: found.extend(migrations.differences(orders, url, METADATA)))
    assert found == []


async def test_the_migrations_go_back_and_forth(new_database: Callable[[ModuleType], str]) -> None:
    url = new_database(orders)
    apart(lambda: migrations.downgrade(orders, url, "base"))
    apart(lambda: migrations.upgrade(orders, url))


FORBIDDEN = (
    "update order_events set payload = '{}'",
    "delete from order_events",
    "truncate order_events",
    "update orders set total_q = total_q + 1, subtotal_q = subtotal_q + 1",
    "update orders set snapshot = '{}'",
    "update orders set session_key = 'other'",
    "update order_items set qty = 0",
    "update order_items set qty_allotted = 1.001",
    "update order_items set qty_allotted = -1",
    "update order_items set qty_returned = 1.001",
    "update order_items set unit_price_q = 0",
    "update sessions set order_ref = ''",
    """update sessions set lines = '[{"line_id": "L", "qty": "-1"}]'""",
    """update sessions set lines = '[{"line_id": "L", "qty": "1"}, {"line_id": "L", "qty": "1"}]'""",
)


async def test_what_is_sealed_cannot_be_changed_even_by_sql(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    await committed(hub, (await opened(hub, line("A"))).session_key)
    for statement in FORBIDDEN:
        with pytest.raises(asyncpg.PostgresError):
            await hub.rows(statement)
