"""Bodies of requests, read as they stream in."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from gateway.responses import JSON
from kit.errors import Invalid

LIMIT = 1024 * 1024
"""Bytes that a body may have, unless its method says otherwise."""

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Gone(Exception):
    """The client has hung up; nobody waits for an answer."""


async def read(receive: Receive, headers: Mapping[str, str], limit: int = LIMIT) -> bytes:
    """Reads a JSON body of at most so many bytes.

    Raises Invalid(`body_too_large`) as soon as it is, Invalid(`unsupported_media_type`) for what is not plain JSON, and Gone.
    """
    if int(headers.get("content-length", "0")) > limit:
        raise Invalid("body_too_large", limit=limit)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        body += message.get("body", b"")
        if len(body) > limit:
            raise Invalid("body_too_large", limit=limit)
        if not message.get("more_body"):
            break
    if body:
        _check_type(headers)
    return bytes(body)


def _check_type(headers: Mapping[str, str]) -> None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON or headers.get("content-encoding", "identity") != "identity":
        raise Invalid("unsupported_media_type")
