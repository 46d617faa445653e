"""Mutual TLS: who is let in, and who is believed."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from uuid import uuid4

import grpc
import pytest
import trustme
from grpc_health.v1 import health_pb2, health_pb2_grpc
from pydantic import ValidationError
from sqlalchemy import MetaData

import kit
from embedded import nats as embedded_nats
from embedded.ports import free_port
from embedded.server import Server
from kit import migrations, probe
from kit.client import channel
from kit.server import listen
from kit.settings import Settings
from kit.testing import eventually
from kit.tls import Tls

from .conftest import CALLER, Bench
from .serving import SERVING, Shelf, free_address, running


def issued(authority: trustme.CA, directory: Path, believed: trustme.CA | None = None) -> Tls:
    """Writes a certificate for this machine, and the authority that its bearer believes: the one that issued it, or another."""
    directory.mkdir()
    files = Tls(directory / "certificate.pem", directory / "key.pem", directory / "authority.pem")
    made = authority.issue_cert("127.0.0.1")
    made.private_key_pem.write_to_path(files.key)
    made.cert_chain_pems[0].write_to_path(files.certificate)
    (believed or authority).cert_pem.write_to_path(files.authority)
    return files


@pytest.fixture
def authority() -> trustme.CA:
    """Whom all good processes believe."""
    return trustme.CA()


@pytest.fixture
def own(authority: trustme.CA, tmp_path: Path) -> Tls:
    """The files of a good process."""
    return issued(authority, tmp_path / "own")


@pytest.fixture
def secure_nats(own: Tls, tmp_path: Path) -> Iterator[str]:
    """The URL of a NATS that lets in only who shows a certificate."""
    directory, port = tmp_path / "nats", free_port()
    file = embedded_nats.configure(directory, port)
    tls = {
        "cert_file": str(own.certificate),
        "key_file": str(own.key),
        "ca_file": str(own.authority),
        "verify": True,
    }
    file.write_text(json.dumps({**json.loads(file.read_text()), "tls": tls}))
    server = Server("NATS", directory, tmp_path / "nats.log")
    server.start(embedded_nats.command(file), lambda: embedded_nats.is_ready(port))
    yield f"tls://127.0.0.1:{port}"
    server.kill()


@pytest.fixture
async def secure_postgres(url: str, own: Tls) -> AsyncIterator[str]:
    """The URL of the test's database behind what ends TLS for it, as poolers do: the embedded server is built without."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own.certificate, own.key)
    parts = urlsplit(url)
    [server_port] = parse_qs(parts.query)["port"]

    async def end_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readexactly(8)
        assert asked == bytes.fromhex("0000000804d2162f"), "PostgreSQL's request for TLS"
        writer.write(b"S")
        await writer.start_tls(context)
        inside, outside = await asyncio.open_connection("127.0.0.1", int(server_port))
        await asyncio.gather(pump(reader, outside), pump(inside, writer))

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        except OSError:
            return
        finally:
            sink.close()

    server = await asyncio.start_server(end_tls, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    login = f"{parts.username}:{parts.password}"
    yield f"postgresql://{login}@127.0.0.1:{port}{parts.path}?sslmode=verify-full&sslrootcert={quote(str(own.authority))}"
    server.close()


def shelf(
    url: str, nats_url: str, prefix: str, files: Tls, shown: Tls, log: Path, **more: str
) -> AbstractAsyncContextManager[Shelf]:
    """Runs a shelf with its files, and a channel that shows others."""
    environment = {
        "COMANDA_TLS_CERTIFICATE": str(files.certificate),
        "COMANDA_TLS_KEY": str(files.key),
        "COMANDA_TLS_AUTHORITY": str(files.authority),
    }
    return running(url, nats_url, prefix, CALLER, log, tls=shown, **environment, **more)


async def refusal(opened: grpc.aio.Channel, bearer: Shelf) -> grpc.StatusCode:
    """Returns how a call over a channel is refused, whose bearer has a good token."""
    async with opened:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await replace(bearer, channel=opened).create("REFUSED")
    return caught.value.code()


async def test_a_service_works_when_all_that_it_speaks_is_tls(
    bench: Bench, secure_postgres: str, secure_nats: str, own: Tls, tmp_path: Path
) -> None:
    listen, prefix = free_address(), f"tls-{uuid4().hex[:8]}"
    more = {"COMANDA_HEALTH_LISTEN": listen}
    async with shelf(secure_postgres, secure_nats, prefix, own, own, tmp_path / "log", **more) as started:
        await started.create("A", "tells")

        async def heard() -> bool:
            return "heard A" in [row["ref"] for row in await bench.rows("select ref from seen")]

        await eventually(heard, seconds=60)
        port = int(listen.rpartition(":")[2])
        assert await asyncio.to_thread(probe.healthy, "shelf", port), "health is told without a certificate"
        async with channel(listen) as probed:
            stub: Any = health_pb2_grpc.HealthStub(probed)
            assert (await stub.Check(health_pb2.HealthCheckRequest(service="live"), timeout=60)).status == SERVING
        plain = channel(listen, repeat=False)
        assert await refusal(plain, started) == grpc.StatusCode.UNIMPLEMENTED, "and nothing else is"


async def test_migrations_reach_a_database_by_tls(secure_postgres: str) -> None:
    compared = await asyncio.to_thread(migrations.differences, kit, secure_postgres, MetaData())
    assert "seen" in str(compared)


async def test_who_has_no_certificate_of_the_authority_is_refused(
    url: str, nats_url: str, stream_prefix: str, authority: trustme.CA, own: Tls, tmp_path: Path
) -> None:
    stranger = trustme.CA()
    foreign = issued(stranger, tmp_path / "foreign", believed=authority)
    distrusting = issued(authority, tmp_path / "distrusting", believed=stranger)
    nameless = grpc.ssl_channel_credentials(own.authority.read_bytes())
    async with shelf(url, nats_url, stream_prefix, own, own, tmp_path / "log") as started:
        at = started.address
        refused = [
            await refusal(channel(at, repeat=False), started),
            await refusal(grpc.aio.secure_channel(at, nameless), started),
            await refusal(channel(at, foreign, repeat=False), started),
            await refusal(channel(at, distrusting, repeat=False), started),
        ]
        assert refused == [grpc.StatusCode.UNAVAILABLE] * 4
        await started.create("LET-IN")


async def test_a_server_does_not_start_with_the_key_of_another_certificate(
    authority: trustme.CA, own: Tls, tmp_path: Path
) -> None:
    other = issued(authority, tmp_path / "other")
    with pytest.raises(OSError, match="key values mismatch"):
        listen(grpc.aio.server(), "127.0.0.1:0", replace(own, key=other.key))


def test_half_of_the_settings_is_refused_with_all_their_names(own: Tls) -> None:
    with pytest.raises(ValidationError, match="COMANDA_TLS_KEY and COMANDA_TLS_AUTHORITY"):
        Settings(tls_certificate=own.certificate)
