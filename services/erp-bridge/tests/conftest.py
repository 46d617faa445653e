"""What the tests of bridge and simulator share: one running simulator a worker, emptied for each test."""

from collections.abc import Iterator

import pytest
import simulated
from simulated import Simulator


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """The running simulator."""
    with simulated.running(tmp_path_factory.mktemp("omie")) as running:
        yield running


@pytest.fixture
def omie(simulator_process: Simulator) -> Simulator:
    """The simulator, empty."""
    simulator_process.control("reset")
    return simulator_process
