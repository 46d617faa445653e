"""HTTPS towards the public, with a certificate that may be renewed while the gateway serves."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.settings import Settings
from kit import tasks


def context(settings: Settings) -> ssl.SSLContext | None:
    """Returns what the server shows; None where it serves plain HTTP. Raises OSError when the files are not good."""
    if not (settings.https_certificate and settings.https_key):
        return None
    return _loaded(settings.https_certificate, settings.https_key)


@asynccontextmanager
async def renewed(shown: ssl.SSLContext | None, settings: Settings) -> AsyncIterator[None]:
    """Reads the files again from time to time; new connections get what was read last."""

    async def read() -> bool:
        if shown and settings.https_certificate and settings.https_key:
            # Into a fresh context first: one that was given a certificate without its key would be spoilt.
            _loaded(settings.https_certificate, settings.https_key)
            shown.load_cert_chain(settings.https_certificate, settings.https_key)
        return False

    reading = asyncio.ensure_future(tasks.every(settings.https_renew_seconds, "read the certificate", read))
    try:
        yield
    finally:
        await tasks.cancel([reading])


def _loaded(certificate: Path, key: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, key)
    return made
