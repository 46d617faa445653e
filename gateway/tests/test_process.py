"""The gateway as a process: how it ends."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from comanda.inventory.v1 import locations_pb2
from kit import collector
from kit.testing import eventually

from .standin import ADDRESSES, API_KEY, behind

HEADERS = {"authorization": f"Bearer {API_KEY}"}


@asynccontextmanager
async def process(address: str, port: int, log: Path, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Runs `python -m gateway` until the end of the block."""
    environment = {f"COMANDA_{name.upper()}": address for name in ADDRESSES}
    environment |= {"COMANDA_LISTEN": f"127.0.0.1:{port}", **more}
    with log.open("wb") as stream:
        started = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", env={**os.environ, **environment}, stderr=stream
        )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def answers(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/openapi.json")).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_gateway_that_drains_finishes_the_request_under_way_and_sends_its_spans(
    number: signal.Signals, tmp_path: Path, unused_tcp_port: int
) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(request: Any, _: object) -> Any:
        asked.set()
        await go_on.wait()
        return locations_pb2.GetLocationResponse(location=locations_pb2.Location(code=request.code))

    log = tmp_path / "log"
    async with (
        behind() as (services, _, address),
        collector.collecting() as collected,
        process(address, unused_tcp_port, log, **collected.environment) as gateway,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{unused_tcp_port}", headers=HEADERS, timeout=20) as client,
    ):
        services.on["GetLocation"] = slowly
        await eventually(lambda: answers(client))
        under_way = asyncio.ensure_future(client.get("/api/v1/locations/store"))
        await asked.wait()
        gateway.send_signal(number)

        async def refuses() -> bool:
            async with httpx.AsyncClient(base_url=client.base_url) as late:
                return not await answers(late)

        await eventually(refuses)
        assert not under_way.done()
        go_on.set()
        answer = await under_way
        assert (answer.status_code, answer.json()["code"]) == (200, "store")
        assert await gateway.wait() == 0
        assert collected.named("GET /api/v1/locations/{code}").span_id
    assert '"event": "drained"' in log.read_text()
