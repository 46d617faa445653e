"""The compose file as a whole: real orders through it while its parts fail."""

import subprocess
import time
from typing import Any

import pytest

from .conftest import COMANDA, ROOT, System, docker, inspected

ORDERS = ROOT.parent / "shared/data/olist/olist_orders_5000.jsonl.gz"
IMPORTED = 500
PAUSE_SECONDS = 20.0
HEALTHY_SECONDS = 60.0
PACKAGES = ("orders", "inventory", "sales", "erp_bridge", "gateway", "comanda_cli", "embedded", "pytest")
PROCESSES = ("orders", "inventory", "sales", "erp-bridge", "gateway", "omie-simulator")

pytestmark = [pytest.mark.xdist_group("compose"), pytest.mark.timeout(1500)]


def wait_until_healthy(container: str) -> Any:
    """Returns what the engine knows of a container once its own check has said that it is healthy."""
    end = time.monotonic() + HEALTHY_SECONDS
    while (found := inspected(container))["State"]["Health"]["Status"] != "healthy":
        assert time.monotonic() < end, found["State"]["Health"]
        time.sleep(0.5)
    return found


@pytest.mark.parametrize("service", PROCESSES)
def test_a_process_is_healthy_without_root_and_cannot_write_to_its_image(system: System, service: str) -> None:
    found = wait_until_healthy(system.container(service))
    assert found["HostConfig"]["ReadonlyRootfs"] is True
    assert found["Config"]["User"] == "10001:10001"


@pytest.mark.parametrize("service", ["orders", "inventory", "sales", "erp-bridge", "gateway"])
def test_an_image_has_its_own_service_and_no_other(system: System, service: str) -> None:
    look = f"from importlib.util import find_spec; print(*(name for name in {PACKAGES} if find_spec(name)))"
    assert docker("exec", system.container(service), "python", "-c", look) == service.replace("-", "_")


@pytest.mark.skipif(not ORDERS.exists(), reason="the Olist orders are not beside this checkout")
def test_real_orders_arrive_once_while_containers_die_restart_and_stand_still(system: System) -> None:
    command = [*COMANDA, "import", "olist", str(ORDERS), "--limit", str(IMPORTED), "--home", str(system.home)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as importing:
        docker("kill", system.container("orders"))
        docker("start", system.container("orders"))
        docker("restart", system.container("nats"))
        docker("pause", system.container("postgres"))
        time.sleep(PAUSE_SECONDS)  # this is the outage
        docker("unpause", system.container("postgres"))
        importing.wait(600)
    again = system.comanda("import", "olist", str(ORDERS), "--limit", str(IMPORTED))
    assert again.returncode == 0, again.stderr
    verdict = system.comanda("verify")
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
    third = system.comanda("import", "olist", str(ORDERS), "--limit", str(IMPORTED))
    assert '"added": 0,' in third.stdout


def test_nothing_is_left_when_it_has_been_taken_down(system: System) -> None:
    run = system.comanda("compose", "down", "--volumes", "--project", system.project)
    assert run.returncode == 0, run.stderr
    assert [system.named("ps", "--all"), system.named("volume", "ls"), system.named("network", "ls")] == ["", "", ""]
