"""Schema migrations: alembic under an advisory lock, with time-outs, so that a busy table is never locked for long."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import asyncpg
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
# Of a table that is new the planner knows nothing, and takes any index for as good as the one on the key. A plan is kept
# while the table grows, so the planner is told what will be true: these columns have few values, others tell rows apart.
FEW_VALUES = (
    "business_id",
    "channel_code",
    "location",
    "owner_scope",
    "owner_type",
    "state",
    "status",
    "topic",
    "type",
)
FIRST_STATISTICS = """
    with indexed as (
        select distinct n.nspname, c.relname, a.attname
        from pg_index i
        join pg_class c on c.oid = i.indrelid
        join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and (a.attnum = any(i.indkey) or exists (
            select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = i.indexrelid
            and d.refobjid = c.oid and d.refobjsubid = a.attnum))  -- in its condition
        where n.nspname = current_schema() and c.relkind = 'r'
    )
    select pg_restore_attribute_stats('schemaname', nspname::text, 'relname', relname::text, 'attname', attname::text,
        'inherited', false, 'null_frac', 0::real, 'avg_width', 16,
        'n_distinct', case when attname::text = any(:few_values) then 1 else -1 end::real)
    from indexed i where not exists (
        select from pg_stats s where s.schemaname = i.nspname and s.tablename = i.relname and s.attname = i.attname)
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
        connection.execute(sa.text(FIRST_STATISTICS), {"few_values": list(FEW_VALUES)})

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
    # Connected by asyncpg's own means, which know a URL of several servers, and sslmode.
    engine = create_async_engine(
        "postgresql+asyncpg://",
        poolclass=NullPool,
        async_creator=lambda: asyncpg.connect(url, server_settings=TIMEOUTS),
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
    context.configure(connection=connection, transactional_ddl=True)  # type: ignore[attr-defined]  # alembic puts them into the module when it runs
    with context.begin_transaction():  # type: ignore[attr-defined]  # alembic puts them into the module when it runs
        yield connection
