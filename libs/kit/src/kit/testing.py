"""A pytest plugin: real servers for the run, and for each worker databases and a stream prefix of its own.

Load it with `pytest_plugins = ["kit.testing"]` in the root conftest. One PostgreSQL and one NATS serve the whole run; tests
that kill a server start one of their own.
"""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest
from nats.aio.client import Client

from embedded.nats import Nats
from embedded.postgres import Postgres
from kit import db, migrations, streams

T = TypeVar("T")

POSTGRES, NATS = "COMANDA_TEST_POSTGRES_URL", "COMANDA_TEST_NATS_URL"
ROWS_READ = "select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) from pg_stat_xact_user_tables"
_servers = pytest.StashKey[tuple[Postgres, Nats, Path]]()


def pytest_configure(config: pytest.Config) -> None:
    """Starts both servers in the controlling process, unless the environment names some."""
    if hasattr(config, "workerinput") or config.option.collectonly or POSTGRES in os.environ:
        return
    home = Path(tempfile.mkdtemp(prefix="comanda-test-"))
    home.chmod(0o755)
    postgres, nats = Postgres(home / "postgres", durable=False), Nats(home / "nats")
    postgres.start()
    nats.start()
    os.environ[POSTGRES], os.environ[NATS] = postgres.url, nats.url
    config.stash[_servers] = (postgres, nats, home)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stops what `pytest_configure` started."""
    if servers := config.stash.get(_servers, None):
        postgres, nats, home = servers
        nats.stop()
        postgres.stop("immediate")
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """The superuser's URL of the run's PostgreSQL."""
    return os.environ[POSTGRES]


@pytest.fixture(scope="session")
def nats_url() -> str:
    """The URL of the run's NATS."""
    return os.environ[NATS]


@pytest.fixture
async def nats(nats_url: str) -> AsyncIterator[Client]:
    """A connection to the run's NATS."""
    client = await streams.connect(nats_url, "test")
    yield client
    await client.close()


@pytest.fixture
async def stream_prefix(nats: Client) -> AsyncIterator[str]:
    """A prefix with streams of its own, removed afterwards."""
    prefix = f"test-{uuid4().hex[:12]}"
    await streams.ensure(nats.jetstream(), prefix)
    yield prefix
    for name in ("events", "directives"):
        await nats.jetstream().delete_stream(f"{prefix}-{name}")


@pytest.fixture(scope="session")
def migrated(postgres_url: str) -> Callable[[ModuleType], str]:
    """Makes, once for each service and worker, a migrated database to copy from; returns its name."""
    made: dict[str, str] = {}

    def make(package: ModuleType) -> str:
        if package.__name__ not in made:
            name = f"template_{package.__name__}_{uuid4().hex[:8]}"
            administer(postgres_url, f'create database "{name}"')
            apart(lambda: migrations.upgrade(package, at(postgres_url, name)))
            made[package.__name__] = name
        return made[package.__name__]

    return make


@pytest.fixture
def new_database(postgres_url: str, migrated: Callable[[ModuleType], str]) -> Iterator[Callable[[ModuleType], str]]:
    """Returns the URL of a fresh database with a service's schema; dropped afterwards."""
    made: list[str] = []

    def make(package: ModuleType) -> str:
        name = f"test_{package.__name__}_{uuid4().hex[:12]}"
        administer(postgres_url, f'create database "{name}" template "{migrated(package)}" strategy file_copy')
        made.append(name)
        return at(postgres_url, name)

    yield make
    for name in made:
        administer(postgres_url, f'drop database "{name}" with (force)')


def at(url: str, database: str) -> str:
    """Returns a PostgreSQL URL with another database."""
    return urlsplit(url)._replace(path=f"/{database}").geturl()


def administer(url: str, statement: str) -> None:
    """Runs one statement outside a transaction."""

    async def execute() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    apart(lambda: asyncio.run(execute()))


def apart(work: Callable[[], None]) -> None:
    """Runs work in a thread that has no event loop of its own, and waits for it."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


async def eventually(condition: Callable[[], Awaitable[T]], seconds: float = 50.0, every: float = 0.02) -> T:
    """Polls until the condition is true and returns what it returned; fails after that many seconds.

    The usual limit leaves a busy machine time, and is shorter than a lease: what only its end heals fails.
    """
    end = time.monotonic() + seconds
    while not (found := await condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {condition}")
        await asyncio.sleep(every)
    return found


async def rows_read(connection: "db.Connection", statement: str, *arguments: object) -> int:
    """Returns how many rows of tables a statement looks at, with the plan that serves all arguments; changes nothing."""
    transaction = connection.transaction()
    await transaction.start()
    before = await connection.fetchval(ROWS_READ)
    await connection.fetch(statement, *arguments)
    after = await connection.fetchval(ROWS_READ)
    await transaction.rollback()
    return int(after - before)
