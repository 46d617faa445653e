"""The schema."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import inventory
from inventory.tables import METADATA
from kit import migrations

BUSINESS_LAST = """
    select c.relname
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    join pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
    where k.contype = 'p' and c.relnamespace = 'public'::regnamespace and c.relname <> 'alembic_version'
        and a.attname <> 'business_id'
"""


def test_the_tables_equal_the_migrations(new_database: Callable[[ModuleType], str]) -> None:
    assert migrations.differences(inventory, new_database(inventory), METADATA) == []


def test_the_schema_can_be_taken_back_and_made_again(new_database: Callable[[ModuleType], str]) -> None:
    url = new_database(inventory)
    migrations.downgrade(inventory, url, "base")
    migrations.upgrade(inventory, url)
    assert migrations.differences(inventory, url, METADATA) == []


async def test_every_primary_key_starts_with_the_business(shop: Any) -> None:
    assert await shop.rows(BUSINESS_LAST) == []
