"""What needs a container engine. `make test-containers` runs it, where one answers."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Its helper container would come from the network; every container here is removed by a fixture.
os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips everything here where no engine answers, unless CI says that there must be one."""
    if os.environ.get("COMANDA_CONTAINERS_REQUIRED") or _engine_answers():
        return
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="no container engine answers: `docker info` fails"))


def _engine_answers() -> bool:
    try:
        return subprocess.run(["docker", "info"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@dataclass(frozen=True)
class System:
    """The compose file, up under a project name of its own."""

    home: Path
    project: str

    def comanda(self, *arguments: str, seconds: float = 300) -> "subprocess.CompletedProcess[str]":
        """Runs the command line on it."""
        return subprocess.run(
            [*COMANDA, *arguments, "--home", str(self.home)], cwd=ROOT, capture_output=True, text=True, timeout=seconds
        )

    def container(self, service: str) -> str:
        """Returns the id of a service's container, running or not."""
        return self.named("ps", "--all", "--filter", f"label=com.docker.compose.service={service}")

    def named(self, *what: str) -> str:
        """Returns the ids of what docker lists of this project."""
        return docker(*what, "--quiet", "--filter", f"label=com.docker.compose.project={self.project}")


COMANDA = [str(Path(sys.executable).with_name("comanda"))]


def docker(*arguments: str) -> str:
    """Runs docker and returns what it prints; fails when it does."""
    run = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def inspected(container: str) -> dict[str, Any]:
    """Returns what the engine knows of a container or image."""
    [found] = json.loads(docker("inspect", container))
    return dict(found)


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Everything up, from images built of this checkout; removed with its data afterwards."""
    found = System(tmp_path_factory.mktemp("compose") / "home", f"comanda-{uuid4().hex[:8]}")
    try:
        run = found.comanda("compose", "up", "--project", found.project, seconds=1200)
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
        yield found
    finally:
        found.comanda("compose", "down", "--volumes", "--project", found.project)
