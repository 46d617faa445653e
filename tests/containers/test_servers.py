"""The key parts of the integration suites on the PostgreSQL and NATS that people run, from their images."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import ExecWaitStrategy, LogMessageWaitStrategy

from .conftest import ROOT

SUITES = (
    "libs/kit/tests/test_messaging.py",
    "services/inventory/tests/integration/test_holds.py",
    "services/orders/tests/integration/test_commit.py",
)
PASSWORD = "comanda"

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, str]]:
    postgres = (
        DockerContainer("postgres:18")
        .with_env("POSTGRES_PASSWORD", PASSWORD)
        .with_command("postgres -c max_connections=300")
        .with_exposed_ports(5432)
        # Over TCP: while the image prepares its data, the server answers on its socket only.
        .waiting_for(ExecWaitStrategy(["pg_isready", "-q", "-h", "127.0.0.1", "-U", "postgres"]))
    )
    nats = (
        DockerContainer("nats:2")
        .with_command("--jetstream")
        .with_exposed_ports(4222)
        .waiting_for(LogMessageWaitStrategy("Server is ready"))
    )
    with postgres, nats:
        at = f"{postgres.get_container_host_ip()}:{postgres.get_exposed_port(5432)}"
        yield {
            "COMANDA_TEST_POSTGRES_URL": f"postgresql://postgres:{PASSWORD}@{at}/postgres",
            "COMANDA_TEST_NATS_URL": f"nats://{nats.get_container_host_ip()}:{nats.get_exposed_port(4222)}",
        }


@pytest.mark.parametrize("suite", SUITES)
def test_a_suite_passes_on_servers_from_images(servers: dict[str, str], suite: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", suite],
        cwd=ROOT, env={**os.environ, **servers}, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-3000:]
    assert " passed" in run.stdout
