"""In the middle of an upgrade: the code before the newest migration works on the schema after it, beside the code of today."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from comanda_cli.api import Api
from comanda_cli.fleet.health import gateway_is_healthy
from comanda_cli.fleet.services import GATEWAY, SERVICES
from comanda_cli.testing import Fleet
from embedded.ports import free_port
from embedded.tether import tethered
from kit.testing import eventually

from ..flow import CLIENTS, Flow, failures, pid_of, prepare, stored

pytestmark = pytest.mark.xdist_group("scale")

ROOT = Path(__file__).resolve().parents[2]
MIGRATIONS = ":(glob)services/*/migrations/versions/*.py"
SOURCES = ("protos/gen", "libs/kit/src", "libs/embedded/src", "services/*/src", "gateway/src", "cli/src")


def git(*arguments: str) -> bytes:
    """What git says of this repository."""
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True).stdout


@pytest.fixture
def former(tmp_path: Path) -> str:
    """The search path of the code before the commit that has added the newest migration."""
    if not (ROOT / ".git").exists() or git("rev-parse", "--is-shallow-repository").strip() == b"true":
        pytest.skip("there is no history here to take former code from")
    [newest] = git("log", "-1", "--diff-filter=A", "--format=%H", "--", MIGRATIONS).decode().split()
    with tarfile.open(fileobj=io.BytesIO(git("archive", f"{newest}^"))) as archive:
        # With no filter, which the Python of Debian 12 does not know: git has just written it.
        archive.extractall(tmp_path)
    subprocess.run([sys.executable, tmp_path / "protos/build.py"], check=True, stdout=subprocess.DEVNULL)
    found = ":".join(str(path) for pattern in SOURCES for path in sorted(tmp_path.glob(pattern)))
    told = subprocess.run(
        [sys.executable, "-P", "-c", "import kit, orders; print(kit.__file__, orders.__file__)"],
        env=os.environ | {"PYTHONPATH": found}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert all(file.startswith(str(tmp_path)) for file in told.stdout.split())
    return found


@pytest.fixture
def former_gateway(wide_fleet: Fleet, former: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a gateway of former code, before services of former code, beside the fleet and on its servers."""
    addresses = {service.name: f"127.0.0.1:{free_port()}" for service in SERVICES}
    peers = {service.address_variable: addresses[service.name] for service in SERVICES}
    packages = {service.name: service.package for service in SERVICES} | {GATEWAY: GATEWAY}
    addresses[GATEWAY] = f"127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        for name, package in packages.items():
            environment = psutil.Process(pid_of(wide_fleet, name)).environ() | peers
            environment |= {"PYTHONPATH": former, "COMANDA_LISTEN": addresses[name], "COMANDA_METRICS_LISTEN": ""}
            log = stack.enter_context((tmp_path / f"{name}.log").open("wb"))
            command = tethered([sys.executable, "-P", "-m", package, "serve"], signal.SIGKILL)
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.kill)
        yield f"http://{addresses[GATEWAY]}"


async def test_former_code_works_on_the_new_schema_beside_new_code(
    wide_fleet: Fleet, api: Api, former_gateway: str
) -> None:
    async def up() -> bool:
        return await asyncio.to_thread(gateway_is_healthy, former_gateway)

    await eventually(up, 100, every=0.2)
    async with Api(former_gateway, wide_fleet.api_key, CLIENTS) as former:
        await prepare(former)
        flows = [Flow(api), Flow(former)]
        flowing = [asyncio.create_task(flow.run()) for flow in flows]
        for flow in flows:
            await flow.advances()
        for flow in flows:
            flow.stopped = True
        await asyncio.gather(*flowing)
    acknowledged = flows[0].acknowledged | flows[1].acknowledged
    assert await stored(wide_fleet, acknowledged) == acknowledged
    assert await failures(wide_fleet, 100) == []
