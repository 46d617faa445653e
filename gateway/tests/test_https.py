"""The gateway behind HTTPS, and in front of services that it reaches by mutual TLS."""

import asyncio
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from pydantic import ValidationError
from structlog.testing import capture_logs

from gateway.settings import Settings
from gateway.upstream import Upstream
from kit import probe
from kit.testing import eventually

from .standin import ADDRESSES, API_KEY, behind, running

LOCATION = "/api/v1/locations/store"
HEADERS = {"authorization": f"Bearer {API_KEY}"}
INTERNAL, PUBLIC = trustme.CA(), trustme.CA()
OK = httpx.codes.OK


def issue(authority: trustme.CA, directory: Path) -> tuple[Path, Path]:
    """Writes a certificate for this machine, and its key."""
    made = authority.issue_cert("127.0.0.1")
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    made.private_key_pem.write_to_path(key)
    made.cert_chain_pems[0].write_to_path(certificate)
    return certificate, key


def believing(authority: trustme.CA) -> httpx.AsyncClient:
    """Returns a client that believes nobody else, and makes each connection anew."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return httpx.AsyncClient(verify=context, headers=HEADERS, limits=httpx.Limits(max_keepalive_connections=0))


@pytest.fixture
def internal(tmp_path: Path) -> dict[str, Any]:
    """Settings for mutual TLS with the services."""
    certificate, key = issue(INTERNAL, tmp_path)
    INTERNAL.cert_pem.write_to_path(tmp_path / "authority.pem")
    return {"tls_certificate": certificate, "tls_key": key, "tls_authority": tmp_path / "authority.pem"}


@pytest.fixture
def public(tmp_path: Path) -> dict[str, Any]:
    """Settings for HTTPS; the files are read ten times a second."""
    directory = tmp_path / "public"
    directory.mkdir()
    certificate, key = issue(PUBLIC, directory)
    return {"https_certificate": certificate, "https_key": key, "https_renew_seconds": 0.1}


async def test_a_call_comes_by_https_and_goes_on_by_mutual_tls(
    internal: dict[str, Any], public: dict[str, Any]
) -> None:
    async with running(**internal, **public) as house, believing(PUBLIC) as client:
        base = f"https://127.0.0.1:{house.port}"
        assert (await client.get(base + LOCATION)).status_code == OK
        assert (await client.get(base + "/health")).json()["status"] == "healthy"
        assert await asyncio.to_thread(probe.healthy, "gateway", house.port, secure=True)
        with pytest.raises(httpx.TransportError):
            await client.get(f"http://127.0.0.1:{house.port}{LOCATION}")
        async with believing(INTERNAL) as other:
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await other.get(base + LOCATION)


async def test_a_gateway_that_the_services_do_not_know_gets_no_answer_from_them(
    internal: dict[str, Any], tmp_path: Path
) -> None:
    directory = tmp_path / "foreign"
    directory.mkdir()
    certificate, key = issue(trustme.CA(), directory)
    foreign = internal | {"tls_certificate": certificate, "tls_key": key}
    async with behind(Settings(**internal).tls) as (_, _, address):
        assert [await health(address, each) for each in (internal, foreign, {})] == [
            "healthy",
            "unhealthy",
            "unhealthy",
        ]


async def health(address: str, files: dict[str, Any]) -> str:
    """Returns how the services are, as a gateway with these files sees it."""
    upstream = Upstream(Settings(**dict.fromkeys(ADDRESSES, address), **files))
    [state] = set((await upstream.health()).values())
    await upstream.close()
    return state


async def test_a_renewed_certificate_is_shown_without_a_restart_and_a_spoilt_one_is_not(public: dict[str, Any]) -> None:
    later = trustme.CA()
    async with running(**public) as house, believing(PUBLIC) as before, believing(later) as after:
        url = f"https://127.0.0.1:{house.port}{LOCATION}"

        async def is_renewed() -> bool:
            try:
                return (await after.get(url)).status_code == OK
            except httpx.ConnectError:
                return False

        with capture_logs() as logged:
            public["https_key"].write_text("half of a key")
            await eventually(lambda: read(logged))
        assert (await before.get(url)).status_code == OK
        issue(later, public["https_key"].parent)
        await eventually(is_renewed)


async def read(logged: Sequence[Any]) -> bool:
    return any(line["event"] == "task failed" for line in logged)


def test_a_certificate_without_its_key_is_refused(public: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="set both COMANDA_HTTPS_CERTIFICATE and COMANDA_HTTPS_KEY"):
        Settings(https_certificate=public["https_certificate"])
