"""Schema migrations: alembic under an advisory lock, with time-outs, so that a busy table is never locked for long."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

LOCK = "select pg_advisory_lock(hashtext('comanda migrations'))"
TIMEOUTS = {"lock_timeout": "4s", "statement_timeout": "300s"}
# No condition compares whole documents, and sorting a sample of them cost up to half of the server's CPU while orders flow.
UNSTATED = """
    select format('alter table %I.%I alter column %I set statistics 0', n.nspname, c.relname, a.attname)
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = current_schema() and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
    and a.atttypid in ('json'::regtype, 'jsonb'::regtype, 'bytea'::regtype) and a.attstattarget is distinct from 0
"""


def directory(package: ModuleType) -> Path:
    """Returns the migrations of a service: inside the installed package, or beside `src` in a checkout."""
    inside = Path(str(package.__file__)).parent / "migrations"
    return inside if inside.is_dir() else Path(str(package.__file__)).parents[2] / "migrations"


def upgrade(package: ModuleType, url: str, revision: str = "head") -> None:
    """Brings the service's database to a revision; of several processes that do so at once, one works and the others wait."""

    def work(connection: sa.Connection) -> None:
        command.upgrade(_config(package, connection), revision)
        for statement in connection.scalars(sa.text(UNSTATED)).all():
            connection.execute(sa.text(statement))

    asyncio.run(_run(url, work))


def downgrade(package: ModuleType, url: str, revision: str) -> None:
    """Takes the service's database back to a revision."""
    asyncio.run(_run(url, lambda connection: command.downgrade(_config(package, connection), revision)))


def differences(package: ModuleType, url: str, metadata: sa.MetaData) -> list[object]:
    """Returns what alembic would change to make the database equal the tables; empty when they are equal."""
    from alembic.autogenerate import compare_metadata

    found: list[object] = []
    asyncio.run(_run(url, lambda c: found.extend(compare_metadata(MigrationContext.configure(c), metadata))))
    return found


def _config(package: ModuleType, connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(directory(package)))
    config.attributes["connection"] = connection
    return config


async def _run(url: str, work: Callable[[sa.Connection], None]) -> None:
    engine = create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://", 1),
        poolclass=NullPool,
        connect_args={"server_settings": TIMEOUTS},
    )
    async with engine.connect() as connection:
        await connection.execute(sa.text("set lock_timeout = 0"))
        await connection.execute(sa.text(LOCK))
        await connection.execute(sa.text(f"set lock_timeout = '{TIMEOUTS['lock_timeout']}'"))
        await connection.commit()
        await connection.run_sync(work)
        await connection.commit()
    await engine.dispose()


def script(*statements: str) -> None:
    """Runs SQL within a migration; each text may hold several statements, which a prepared statement may not."""
    from alembic import op

    driver: Any = op.get_bind().connection.dbapi_connection
    for statement in statements:
        driver.run_async(lambda raw, sql=statement: raw.execute(sql))


@contextmanager
def transaction(context: "object") -> Iterator[sa.Connection]:
    """The whole of a service's env.py: runs the migrations on the connection that `upgrade` opened."""
    connection: sa.Connection = context.config.attributes["connection"]  # type: ignore[attr-defined]  # alembic's proxy module
    context.configure(connection=connection, transactional_ddl=True)  # type: ignore[attr-defined]
    with context.begin_transaction():  # type: ignore[attr-defined]
        yield connection
