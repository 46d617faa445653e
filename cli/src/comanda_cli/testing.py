"""A pytest plugin: a whole fleet, started as a user starts it, and the command line on it.

Tests that share the fleet of the run mark themselves `xdist_group("fleet")`, so that one worker starts it once, and take a
business of their own. Tests that break things take a fleet of their own.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.message import Message

from comanda.sales.v1 import businesses_pb2, businesses_pb2_grpc, identity_pb2, identity_pb2_grpc
from comanda.types.v1 import options_pb2
from comanda_cli.fleet import ending, secrets, starting
from comanda_cli.fleet.addresses import Addresses, kept
from comanda_cli.fleet.bootstrap import operator
from comanda_cli.fleet.health import OWN_CONNECTION
from comanda_cli.fleet.home import Home

RUN_SECONDS = 300.0
CALL_SECONDS = 60.0


@dataclass(frozen=True)
class Fleet:
    """Calls `comanda` on one home; environment goes on top of this process's own."""

    home: Home
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def addresses(self) -> Addresses:
        """Where its databases and servers are."""
        return kept(self.home)

    @property
    def api_key(self) -> str:
        """The key with which the commands come in."""
        return self.environment.get("COMANDA_API_KEY") or str(self.home.credentials()["api_key"])

    def argv(self, *arguments: str) -> list[str]:
        """Returns the command line of a subcommand."""
        program = [sys.executable, "-c", "from comanda_cli.main import main; main()"]
        return [*program, *arguments, "--home", str(self.home.path)]

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Runs a subcommand to its end."""
        return subprocess.run(
            self.argv(*arguments), capture_output=True, text=True, env=self.whole_environment(), timeout=RUN_SECONDS
        )

    def whole_environment(self) -> dict[str, str]:
        """Returns the environment for a subcommand."""
        return {**os.environ, **self.environment}

    def of_a_new_business(self) -> "Fleet":
        """Returns the same fleet, seen by a business that has nothing yet."""
        code = f"b{uuid4().hex[:12]}"
        business = businesses_pb2.CreateBusinessRequest(code=code, name=code)
        key = identity_pb2.CreateApiKeyRequest(business=code, role=options_pb2.ROLE_OWNER)
        # By calls, since the command line would take a second for each of the two.
        with grpc.insecure_channel(self.addresses.target("sales"), OWN_CONNECTION) as opened:
            channel: Any = opened  # the stubs are typed for grpc.aio, and serve both
            self._call(businesses_pb2_grpc.BusinessServiceStub(channel).CreateBusiness, business)
            made = self._call(identity_pb2_grpc.ApiKeyServiceStub(channel).CreateApiKey, key)
        return Fleet(self.home, {"COMANDA_API_KEY": made.api_key.secret})

    def _call(self, method: Any, request: Message) -> Any:
        return method(request, metadata=operator(secrets.load(self.home)), timeout=CALL_SECONDS)


@contextmanager
def running(directory: Path, replicas: int = 1) -> Iterator[Fleet]:
    """Starts a fleet under the directory and ends it afterwards; it ends with this process in any case."""
    home = Home(directory.resolve() / "home")
    supervisor = starting.start(home, None, print, replicas=replicas, bound=True)
    try:
        yield Fleet(home)
    finally:
        ending.end(home)
        supervisor.wait()


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The fleet of the run."""
    with running(tmp_path_factory.mktemp("fleet")) as started:
        yield started


@pytest.fixture
def business(fleet: Fleet) -> Fleet:
    """The fleet of the run, seen by a business of the test's own."""
    return fleet.of_a_new_business()


@pytest.fixture(scope="session")
def own_fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Another fleet, for tests that break things; each of them leaves it whole."""
    with running(tmp_path_factory.mktemp("own-fleet")) as started:
        yield started
