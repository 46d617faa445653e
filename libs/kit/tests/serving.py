"""Runs `shelf.py` as a process of its own and talks to it."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import httpx
from grpc_health.v1 import health_pb2, health_pb2_grpc

from comanda.inventory.v1 import locations_pb2 as pb
from comanda.inventory.v1 import locations_pb2_grpc
from kit import identity
from kit.identity import Identity
from kit.testing import eventually
from kit.tls import Tls

PRIVATE_KEY = identity.new_private_key()
SERVING = health_pb2.HealthCheckResponse.SERVING


def token(caller: Identity) -> str:
    return identity.sign(caller, identity.private_key(PRIVATE_KEY))[0]


def free_address() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{found.getsockname()[1]}"


@dataclass
class Shelf:
    """A running process and a channel to it that repeats nothing."""

    process: asyncio.subprocess.Process
    address: str
    channel: grpc.aio.Channel
    token: str
    metrics_address: str
    log: Path

    async def create(self, code: str, name: str = "", key: str = "", **metadata: str) -> Any:
        """Creates a location; raises AioRpcError."""
        stub: Any = locations_pb2_grpc.LocationServiceStub(self.channel)
        return await stub.CreateLocation(
            pb.CreateLocationRequest(code=code, name=name, request_id=key),
            metadata=[("authorization", f"Bearer {self.token}"), *metadata.items()],
            timeout=30,
        )

    async def is_healthy(self) -> bool:
        checks: Any = health_pb2_grpc.HealthStub(self.channel)
        answer = await checks.Check(health_pb2.HealthCheckRequest(), wait_for_ready=True, timeout=60)
        return bool(answer.status == SERVING)

    async def is_unhealthy(self) -> bool:
        return not await self.is_healthy()

    async def metrics(self) -> dict[str, float]:
        """Reads the Prometheus page: each sample by its name with its labels."""
        async with httpx.AsyncClient() as client:
            text = (await client.get(f"http://{self.metrics_address}/metrics")).text
        lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, _, value in lines}

    def logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@asynccontextmanager
async def running(
    database_url: str, nats_url: str, prefix: str, caller: Identity, log: Path, tls: Tls | None = None, **more: str
) -> AsyncIterator[Shelf]:
    """A healthy shelf, which is shown the files of `tls`; killed at the end of the block where it still lives."""
    listen, metrics_listen = free_address(), free_address()
    environment = {
        "COMANDA_DATABASE_URL": database_url,
        "COMANDA_NATS_URL": nats_url,
        "COMANDA_STREAM_PREFIX": prefix,
        "COMANDA_LISTEN": listen,
        "COMANDA_METRICS_LISTEN": metrics_listen,
        "COMANDA_IDENTITY_PUBLIC_KEY": identity.public_key_of(PRIVATE_KEY),
        "COMANDA_POLL_SECONDS": "0.1",
        **more,
    }
    program = str(Path(__file__).with_name("shelf.py"))
    with log.open("ab") as stream:
        process = await asyncio.create_subprocess_exec(
            sys.executable, program, env={**os.environ, **environment}, stderr=stream
        )
    try:
        async with _channel(listen, tls) as channel:
            shelf = Shelf(process, listen, channel, token(caller), metrics_listen, log)
            await eventually(shelf.is_healthy)
            yield shelf
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _channel(address: str, tls: Tls | None) -> grpc.aio.Channel:
    options = [("grpc.enable_retries", 0), ("grpc.max_reconnect_backoff_ms", 200)]
    if tls is None:
        return grpc.aio.insecure_channel(address, options=options)
    return grpc.aio.secure_channel(address, tls.calling(), options=options)
