"""The service as a process of its own."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

import sales
from comanda.sales.v1 import identity_pb2, identity_pb2_grpc
from comanda.types.v1.options_pb2 import Role
from kit import client, identity
from kit.errors import Unauthenticated
from kit.identity import NO_BUSINESS, Identity
from kit.testing import eventually

PRIVATE_KEY = identity.new_private_key()


@asynccontextmanager
async def running(environment: dict[str, str], log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Runs `python -m sales` until the end of the block."""
    with log.open("wb") as stream:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sales", env={**os.environ, **environment}, stderr=stream
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture
def environment(
    new_database: Callable[[ModuleType], str], nats_url: str, stream_prefix: str, unused_tcp_port: int
) -> dict[str, str]:
    """What the process must be told."""
    return {
        "COMANDA_DATABASE_URL": new_database(sales),
        "COMANDA_NATS_URL": nats_url,
        "COMANDA_STREAM_PREFIX": stream_prefix,
        "COMANDA_LISTEN": f"127.0.0.1:{unused_tcp_port}",
        "COMANDA_IDENTITY_PUBLIC_KEY": identity.public_key_of(PRIVATE_KEY),
        "COMANDA_IDENTITY_PRIVATE_KEY": PRIVATE_KEY,
        "COMANDA_LOG_LEVEL": "debug",
    }


async def test_the_process_is_healthy_drains_and_tells_no_secret(environment: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with running(environment, log) as process, client.channel(environment["COMANDA_LISTEN"]) as channel:
        checks = health_pb2_grpc.HealthStub(channel)

        async def healthy() -> bool:
            answer = await checks.Check(health_pb2.HealthCheckRequest(), wait_for_ready=True)
            return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

        await eventually(healthy)
        shown = await use_a_key(channel)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    logged = log.read_text()
    assert "drained" in logged
    assert not [secret for secret in (*shown, PRIVATE_KEY) if secret in logged]


async def use_a_key(channel: Any) -> list[str]:
    """Makes a key, shows it well and badly, and returns what must not be seen."""
    operator = Identity(NO_BUSINESS, Role.ROLE_SERVICE, "operator")
    token, _ = identity.sign(operator, identity.private_key(PRIVATE_KEY))
    keys, identities = identity_pb2_grpc.ApiKeyServiceStub(channel), identity_pb2_grpc.IdentityServiceStub(channel)
    request = identity_pb2.CreateApiKeyRequest(role=Role.ROLE_SERVICE, request_id="once")
    credential = (await client.call(keys.CreateApiKey, request, token)).api_key.secret
    request = identity_pb2.AuthenticateRequest(credential=credential)
    answer = await client.call(identities.Authenticate, request)
    with pytest.raises(Unauthenticated):
        await client.call(identities.Authenticate, identity_pb2.AuthenticateRequest(credential=f"{credential}x"))
    return [token, credential.rpartition("_")[2], answer.identity_token]


async def test_a_process_without_its_private_key_says_so_and_shows_nothing_else(
    environment: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    del environment["COMANDA_IDENTITY_PRIVATE_KEY"]
    async with running(environment, log) as process:
        assert await process.wait() != 0
    assert "identity_private_key" in log.read_text()
    assert environment["COMANDA_DATABASE_URL"] not in log.read_text()
