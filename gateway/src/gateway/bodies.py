"""Bodies of requests, read as they stream in."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from gateway.responses import JSON
from kit.errors import Invalid

LIMIT = 1024 * 1024
"""Bytes that a body may have."""

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Gone(Exception):
    """The client has hung up; nobody waits for an answer."""


async def read(receive: Receive, headers: Mapping[str, str]) -> bytes:
    """Reads a JSON body.

    Raises Invalid(`body_too_large`) as soon as it is, Invalid(`unsupported_media_type`) for what is not plain JSON, and Gone.
    """
    if int(headers.get("content-length", "0")) > LIMIT:
        raise Invalid("body_too_large", limit=LIMIT)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        body += message.get("body", b"")
        if len(body) > LIMIT:
            raise Invalid("body_too_large", limit=LIMIT)
        if not message.get("more_body"):
            break
    if body:
        _check_type(headers)
    return bytes(body)


def _check_type(headers: Mapping[str, str]) -> None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON or headers.get("content-encoding", "identity") != "identity":
        raise Invalid("unsupported_media_type")
