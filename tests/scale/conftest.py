"""A fleet as it runs on several machines: two processes of each service, two gateways behind one address, and a cluster of NATS."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import pytest

from comanda_cli.api import Api
from comanda_cli.testing import Fleet, running
from embedded import Nats, nats

from ..flow import CLIENTS, prepare


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Nats]]:
    """Three NATS servers by their names."""
    servers = nats.cluster(tmp_path_factory.mktemp("cluster"))
    with ExitStack() as stack:
        for server in servers.values():
            stack.enter_context(server)
        yield servers


@pytest.fixture(scope="session")
def wide_fleet(tmp_path_factory: pytest.TempPathFactory, cluster: dict[str, Nats]) -> Iterator[Fleet]:
    """A fleet of two of everything on servers that may fail, for the tests of this directory."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COMANDA_NATS_URL", ",".join(server.url for server in cluster.values()))
        environment.setenv("COMANDA_STREAM_REPLICAS", str(len(cluster)))
        with running(tmp_path_factory.mktemp("wide-fleet"), replicas=2) as started:
            yield started


@pytest.fixture
async def api(wide_fleet: Fleet) -> AsyncIterator[Api]:
    """A client with something to sell."""
    async with Api.of(wide_fleet.home, CLIENTS) as client:
        await prepare(client)
        yield client
