"""Responses that go on: one JSON object a line, a document in parts, or server-sent events that a client can resume."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import grpc
import orjson
import structlog

from gateway import departure, writing
from gateway.bodies import Receive
from gateway.responses import Send
from gateway.routes import Route

LOG = structlog.get_logger()
LINES, EVENTS = "application/x-ndjson", "text/event-stream"
HEARTBEAT_SECONDS = 15.0
"""A comment is sent after that long without an event, so that both ends notice a connection that died."""
HEARTBEAT = b":\n\n"
UNTIDY = str.maketrans("\r\n\0", "   ")


@dataclass(slots=True)
class Stream:
    """A response under way: its first message has come, and no refusal can come any more."""

    route: Route
    call: Any
    first: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        """What the body is."""
        if self.route.documents:
            return str(self.first.document.content_type)
        return EVENTS if self.route.feed else LINES

    async def parts(self) -> AsyncIterator[bytes]:
        """Yields the body; raises AioRpcError where the service fails in the middle."""
        message = self.first
        while message is not grpc.aio.EOF:
            yield self._part(message)
            reading = asyncio.ensure_future(self.call.read())
            try:
                while self.route.feed and not (await asyncio.wait({reading}, timeout=HEARTBEAT_SECONDS))[0]:
                    yield HEARTBEAT
                message = await reading
            finally:
                reading.cancel()

    def _part(self, message: Any) -> bytes:
        if self.route.documents:
            return bytes(message.document.data)
        inner = getattr(message, self.route.response_body) if self.route.response_body else message
        data = orjson.dumps(writing.to_json(inner))
        if not self.route.feed:
            return data + b"\n"
        name = getattr(message, self.route.rest.feed.name_field).translate(UNTIDY)
        head = f"id: {getattr(message, self.route.rest.feed.id_field)}\n"
        return f"{head}event: {name}\ndata: ".encode() + data + b"\n\n" if name else f"{head}\n".encode()


async def send(to: Send, receive: Receive, stream: Stream, head: bool) -> None:
    """Sends a stream by ASGI, to HEAD without its body; raises Gone when the client hangs up.

    Where the service fails in the middle, the body is left without its end: a client must not take what it has for all.
    """
    headers = {**stream.headers, "content-type": stream.content_type, "cache-control": "no-store"}
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await to({"type": "http.response.start", "status": stream.status, "headers": raw})
    try:
        if not head:
            with departure.watched(receive, stream.call.cancel):
                async for part in stream.parts():
                    await to({"type": "http.response.body", "body": part, "more_body": True})
    except grpc.aio.AioRpcError as error:
        LOG.warning("stream broken off", route=stream.route.template, error=error.details())
        return
    finally:
        stream.call.cancel()
    await to({"type": "http.response.body", "body": b""})
