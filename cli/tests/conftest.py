"""A home with stand-in services, and the command line as a user calls it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from comanda_cli.fleet import ending, leftovers
from comanda_cli.fleet.home import Home

from .standin import write_packages

TESTS = Path(__file__).parent


@dataclass
class Shell:
    """Calls `comanda` on one home."""

    home: Home
    environment: Mapping[str, str]

    def run(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Runs a subcommand to its end; more are environment variables."""
        return subprocess.run(
            self.argv(*arguments), capture_output=True, text=True, env={**self.environment, **more}, timeout=300
        )

    def argv(self, *arguments: str) -> list[str]:
        """The command line of a subcommand."""
        program = [sys.executable, "-c", "from comanda_cli.main import main; main()"]
        return [*program, *arguments, "--home", str(self.home.path)]

    def supervisor(self) -> psutil.Process:
        """The supervisor's process."""
        (found,) = leftovers.supervisors(self.home)
        return found


def until(condition: Callable[[], bool], seconds: float = 100.0) -> None:
    """Returns when the condition holds; fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition does not come true"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def standins(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """An environment in which the services are stand-ins."""
    directory = tmp_path_factory.mktemp("standins")
    write_packages(directory)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COMANDA_")}
    return {**clean, "PYTHONPATH": f"{directory}:{TESTS}"}


@pytest.fixture
def shell(tmp_path: Path, standins: Mapping[str, str]) -> Iterator[Shell]:
    """A home of its own, ended afterwards."""
    home = Home(tmp_path / "home")
    yield Shell(home, standins)
    ending.end(home)
