"""A fleet as it runs on several machines: two of each process, a cluster of NATS, and PostgreSQL with a standby."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import asyncpg
import pytest

from comanda_cli.api import Api
from comanda_cli.testing import Fleet, running
from embedded import Nats, Postgres, nats, postgres
from kit.testing import eventually

from ..flow import CLIENTS, prepare

# In sync: the primary waits for this standby with every commit.
IN_SYNC = "select exists (select from pg_stat_replication where sync_state = 'sync' and state = 'streaming')"


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Nats]]:
    """Three NATS servers by their names."""
    servers = nats.cluster(tmp_path_factory.mktemp("cluster"))
    with ExitStack() as stack:
        for server in servers.values():
            stack.enter_context(server)
        yield servers


@dataclass(frozen=True)
class Pair:
    """A PostgreSQL that answers no commit before its standby has it on the disk."""

    primary: Postgres
    standby: Postgres

    @property
    def url(self) -> str:
        """The URL of the one that takes writes; the standby is asked first."""
        return postgres.several([self.standby, self.primary])


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A primary and its standby."""
    place = tmp_path_factory.mktemp("pair")
    with Postgres(place / "primary") as primary, primary.standby(place / "standby") as standby:
        asyncio.run(commit_on_both(primary))
        yield Pair(primary, standby)


async def commit_on_both(primary: Postgres) -> None:
    """Lets the primary wait for its standby from now on."""
    connection = await asyncpg.connect(primary.url)
    try:
        await connection.execute("alter system set synchronous_standby_names = '*'")
        await connection.execute("select pg_reload_conf()")
        await eventually(lambda: connection.fetchval(IN_SYNC), 60)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def wide_fleet(tmp_path_factory: pytest.TempPathFactory, cluster: dict[str, Nats], pair: Pair) -> Iterator[Fleet]:
    """A fleet of two of everything on servers that may fail, for the tests of this directory."""
    with ExitStack() as stack:
        # Set for this start only: other fleets of the run have servers of their own.
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("COMANDA_DATABASE_URL", pair.url)
            environment.setenv("COMANDA_NATS_URL", ",".join(server.url for server in cluster.values()))
            environment.setenv("COMANDA_STREAM_REPLICAS", str(len(cluster)))
            started = stack.enter_context(running(tmp_path_factory.mktemp("wide-fleet"), replicas=2))
        yield started


@pytest.fixture
async def api(wide_fleet: Fleet) -> AsyncIterator[Api]:
    """A client with something to sell."""
    async with Api.of(wide_fleet.home, CLIENTS) as client:
        await prepare(client)
        yield client
