"""Migrations of several processes that start at once, and of a table that somebody uses."""

import asyncio
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import asyncpg
import pytest

from kit import migrations

ENV = """
from alembic import context
from kit import migrations
with migrations.transaction(context):
    context.run_migrations()
"""
REVISION = """
from kit import migrations
revision, down_revision = "{revision}", {before}
def upgrade() -> None:
    migrations.script({statement!r})
"""
PROGRAM = "import sys, shop; from kit import migrations; migrations.upgrade(shop, sys.argv[1])"
SLOWLY = "create table made_once (id integer); select pg_sleep(0.5)"
NEEDS_THE_TABLE = "create table also_made (id integer); alter table seen add column more text"


@pytest.fixture
def shop(tmp_path: Path) -> Callable[..., ModuleType]:
    """Makes a package `shop` with one migration for each statement."""

    def make(*statements: str) -> ModuleType:
        directory = tmp_path / "shop"
        (directory / "migrations" / "versions").mkdir(parents=True)
        (directory / "__init__.py").touch()
        (directory / "migrations" / "env.py").write_text(ENV)
        before = None
        for number, statement in enumerate(statements, start=1):
            text = REVISION.format(revision=f"{number:04}", before=repr(before), statement=statement)
            (directory / "migrations" / "versions" / f"{number:04}.py").write_text(text)
            before = f"{number:04}"
        spec: Any = importlib.util.spec_from_file_location("shop", directory / "__init__.py")
        return importlib.util.module_from_spec(spec)

    return make


async def test_of_processes_that_migrate_at_once_one_works_and_the_others_wait(
    shop: Callable[..., ModuleType], url: str, tmp_path: Path
) -> None:
    shop(SLOWLY)
    started = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, url, env={"PYTHONPATH": str(tmp_path)})
        for _ in range(3)
    ]
    assert [await each.wait() for each in started] == [0, 0, 0]
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("select version_num from alembic_version") == "0001"
    assert await connection.fetchval("select count(*) from made_once") == 0
    await connection.close()


async def test_a_migration_gives_up_soon_on_a_busy_table_and_leaves_nothing_behind(
    shop: Callable[..., ModuleType], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(migrations.TIMEOUTS, "lock_timeout", "200ms")
    package = shop(NEEDS_THE_TABLE)
    connection = await asyncpg.connect(url)
    async with connection.transaction():
        await connection.execute("lock table seen in access share mode")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await asyncio.to_thread(migrations.upgrade, package, url)
        assert await connection.fetchval("select to_regclass('also_made')") is None
    await asyncio.to_thread(migrations.upgrade, package, url)
    assert await connection.fetchval("select to_regclass('also_made')")
    await connection.close()
