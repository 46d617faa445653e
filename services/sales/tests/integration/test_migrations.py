"""The database and what the code knows of it."""

from collections.abc import Callable
from types import ModuleType

import sales
from kit import migrations
from sales.tables import METADATA


def test_the_tables_equal_the_migrations(new_database: Callable[[ModuleType], str]) -> None:
    assert migrations.differences(sales, new_database(sales), METADATA) == []


def test_the_migrations_can_be_taken_back_and_run_again(new_database: Callable[[ModuleType], str]) -> None:
    url = new_database(sales)
    migrations.downgrade(sales, url, "base")
    migrations.upgrade(sales, url)
    assert migrations.differences(sales, url, METADATA) == []
