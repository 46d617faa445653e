"""What the tests of bridge and simulator share: one running simulator a worker, emptied for each test."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from uuid import uuid4

import bridged
import pytest
import simulated
from bridged import Bridge
from simulated import Simulator

import erp_bridge
from kit.testing import administer, at


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """The running simulator."""
    with simulated.running(tmp_path_factory.mktemp("omie")) as running:
        yield running


@pytest.fixture(scope="session")
def branch_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """The simulator of another account."""
    with simulated.running(tmp_path_factory.mktemp("branch"), key=bridged.BRANCH_KEY) as running:
        yield running


@pytest.fixture
def omie(simulator_process: Simulator) -> Simulator:
    """The simulator, empty."""
    simulator_process.control("reset")
    return simulator_process


@contextmanager
def _database(migrated: Callable[[ModuleType], str], postgres_url: str) -> Iterator[str]:
    name = f"test_bridge_{uuid4().hex[:12]}"
    administer(postgres_url, f'create database "{name}" template "{migrated(erp_bridge)}" strategy file_copy')
    yield at(postgres_url, name)
    administer(postgres_url, f'drop database "{name}" with (force)')


@pytest.fixture(scope="session")
def bridge_database(migrated: Callable[[ModuleType], str], postgres_url: str) -> Iterator[str]:
    """A database for the bridges of a worker: each test has a business of its own."""
    with _database(migrated, postgres_url) as made:
        yield made


@pytest.fixture(scope="session")
def client_database(migrated: Callable[[ModuleType], str], postgres_url: str) -> Iterator[str]:
    """A database for the clients that run in a worker's tests: no bridge calls anything beside them."""
    with _database(migrated, postgres_url) as made:
        yield made


@pytest.fixture(scope="session")
def bridge_process(
    bridge_database: str,
    nats_url: str,
    simulator_process: Simulator,
    branch_process: Simulator,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Bridge]:
    """`python -m erp_bridge` with an account in each of the simulators."""
    environment = {
        "COMANDA_DATABASE_URL": bridge_database,
        "COMANDA_NATS_URL": nats_url,
        "COMANDA_STREAM_PREFIX": f"test-{uuid4().hex[:12]}",
        **bridged.account(simulator_process),
        **bridged.further(branch_process),
    }
    with bridged.running(environment, tmp_path_factory.mktemp("bridge")) as running:
        yield running


@pytest.fixture
async def bridge(bridge_process: Bridge, omie: Simulator) -> AsyncIterator[Bridge]:
    """The bridge, seen by a new business that has the first account, with its limits forgotten as the simulator's are."""
    async with bridged.visited(bridge_process) as visited:
        await visited.rest()
        # What the last test's work has still called is none of this one's.
        omie.control("reset")
        await visited.forget()
        assert await visited.bind()
        yield visited
