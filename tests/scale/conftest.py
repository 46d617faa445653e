"""A fleet as it runs on several machines: two processes of each service and two gateways behind one address."""

from collections.abc import AsyncIterator, Iterator

import pytest

from comanda_cli.api import Api
from comanda_cli.testing import Fleet, running

from ..flow import CLIENTS, prepare


@pytest.fixture(scope="session")
def wide_fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A fleet of two of everything, for the tests of this directory."""
    with running(tmp_path_factory.mktemp("wide-fleet"), replicas=2) as started:
        yield started


@pytest.fixture
async def api(wide_fleet: Fleet) -> AsyncIterator[Api]:
    """A client with something to sell."""
    async with Api.of(wide_fleet.home, CLIENTS) as client:
        await prepare(client)
        yield client
