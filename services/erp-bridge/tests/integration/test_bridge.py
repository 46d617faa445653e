"""The bridge as a process of its own, with nobody to identify API keys: tokens are enough."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

import erp_bridge
from comanda.erp.v1 import status_pb2, status_pb2_grpc
from comanda.types.v1.options_pb2 import Role
from erp_bridge.tables import METADATA
from kit import client, identity, migrations
from kit.errors import Forbidden, Unavailable
from kit.identity import Identity
from kit.testing import eventually

PRIVATE_KEY = identity.new_private_key()


def token_of(role: int) -> str:
    """A token of a caller in a role."""
    return identity.sign(Identity(uuid4(), role, "key:test"), identity.private_key(PRIVATE_KEY))[0]


@dataclass
class Bridge:
    """The running process and a channel to it."""

    process: asyncio.subprocess.Process
    channel: Any

    async def status(self, credential: str) -> status_pb2.GetErpStatusResponse:
        """Asks how the bridge is."""
        method = status_pb2_grpc.ErpServiceStub(self.channel).GetErpStatus
        answer: status_pb2.GetErpStatusResponse = await client.call(
            method, status_pb2.GetErpStatusRequest(), credential
        )
        return answer

    async def healthy(self) -> bool:
        """Asks for its health."""
        answer = await health_pb2_grpc.HealthStub(self.channel).Check(
            health_pb2.HealthCheckRequest(), wait_for_ready=True
        )
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


@pytest.fixture
async def bridge(
    new_database: Callable[[ModuleType], str],
    nats_url: str,
    stream_prefix: str,
    unused_tcp_port_factory: Callable[[], int],
    tmp_path: Path,
) -> AsyncIterator[Bridge]:
    """`python -m erp_bridge`, healthy."""
    address = f"127.0.0.1:{unused_tcp_port_factory()}"
    environment = {
        "COMANDA_DATABASE_URL": new_database(erp_bridge),
        "COMANDA_NATS_URL": nats_url,
        "COMANDA_STREAM_PREFIX": stream_prefix,
        "COMANDA_LISTEN": address,
        "COMANDA_SALES_ADDRESS": f"127.0.0.1:{unused_tcp_port_factory()}",
        "COMANDA_IDENTITY_PUBLIC_KEY": identity.public_key_of(PRIVATE_KEY),
    }
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "erp_bridge", env={**os.environ, **environment}, stderr=log
        )
    try:
        async with client.channel(address) as channel:
            started = Bridge(process, channel)
            await eventually(started.healthy)
            yield started
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_the_bridge_tells_its_version_and_that_no_account_is_configured(bridge: Bridge) -> None:
    told = await bridge.status(token_of(Role.ROLE_MANAGER))
    assert (told.version, told.configured) == (metadata.version("comanda-erp-bridge"), False)


async def test_staff_has_nothing_to_do_with_the_bridge(bridge: Bridge) -> None:
    with pytest.raises(Forbidden):
        await bridge.status(token_of(Role.ROLE_STAFF))


async def test_an_api_key_that_cannot_be_checked_is_neither_believed_nor_called_wrong(bridge: Bridge) -> None:
    with pytest.raises(Unavailable):
        await bridge.status("ck_key_of_a_service_that_is_away")


async def test_the_bridge_drains_when_it_is_asked_to_end(bridge: Bridge) -> None:
    bridge.process.send_signal(signal.SIGTERM)
    assert await bridge.process.wait() == 0


def test_the_tables_equal_the_migrations_there_and_back(new_database: Callable[[ModuleType], str]) -> None:
    url = new_database(erp_bridge)
    assert migrations.differences(erp_bridge, url, METADATA) == []
    migrations.downgrade(erp_bridge, url, "base")
    migrations.upgrade(erp_bridge, url)
    assert migrations.differences(erp_bridge, url, METADATA) == []
