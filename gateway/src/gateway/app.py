"""The ASGI application: one request, one RPC."""

import asyncio
import re
import time
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

import structlog

from gateway import bodies, limits, metrics, pages, requests, responses, streaming
from gateway.bodies import Gone, Receive
from gateway.limits import Allowed, Limits, Quota
from gateway.responses import Response, Send
from gateway.router import Router, WrongMethod
from gateway.routes import Route
from gateway.streaming import Stream
from gateway.upstream import Upstream
from kit import tracing
from kit.errors import DomainError, Unauthenticated
from kit.ids import uuid7
from kit.interceptors import validate
from kit.texts import preferred

LOG = structlog.get_logger()
REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
BODILESS = ("GET", "DELETE")
LONGEST_HEADER = 500
UNSENDABLE = re.compile(r"[^ -~]")
"""What gRPC refuses to carry as metadata."""

Scope = MutableMapping[str, Any]


@dataclass(slots=True)
class Incoming:
    """A request, with header names in lower case; `template` is the route's and `quota` the caller's once they are known."""

    method: str
    verb: str
    raw_path: str
    query: bytes
    headers: dict[str, str]
    request_id: str
    address: str
    template: str = ""
    default_language: str = "en"
    bad_request: str = ""
    """What older clients are told of a bad request by the route that was found."""
    quota: Quota | None = None

    @classmethod
    def of(cls, scope: Scope) -> "Incoming":
        """Reads an ASGI scope; gives the request an id where it has none, or none that is sane."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        given = headers.get("x-request-id", "")
        return cls(
            method=scope["method"],
            verb="GET" if scope["method"] == "HEAD" else scope["method"],
            raw_path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"],
            headers=headers,
            request_id=given if REQUEST_ID.fullmatch(given) else str(uuid7()),
            address=(scope.get("client") or ("",))[0],
        )

    @property
    def language(self) -> str:
        """The language of the gateway's own words: where the caller names none, that of the service behind the route."""
        return preferred(self.headers.get("accept-language", ""), self.default_language)

    def metadata(self) -> list[tuple[str, str]]:
        """Returns what services are told beside the request itself."""
        return [
            ("x-request-id", self.request_id),
            ("traceparent", tracing.traceparent()),
            ("accept-language", _sendable(self.headers.get("accept-language", ""))),
            ("x-client-address", _sendable(self.address)),
            ("x-client-agent", _sendable(self.headers.get("user-agent", ""))),
        ]


class Gateway:
    """Transcodes REST to gRPC; knows routes, but no operation."""

    def __init__(self, router: Router, upstream: Upstream, site: pages.Site, limits: Limits) -> None:
        self._router = router
        self._upstream = upstream
        self._site = site
        self._limits = limits
        self._streams: list[Stream] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one HTTP request."""
        if scope["type"] != "http":
            raise ValueError(f"no {scope['type']} here")
        started = time.perf_counter()
        incoming = Incoming.of(scope)
        try:
            response = await self._answer(incoming, receive)
        except Gone:
            return
        metrics.timer(incoming.method, incoming.template, response.status).observe(time.perf_counter() - started)
        response.headers["x-request-id"] = incoming.request_id
        if incoming.quota:
            response.headers.update(incoming.quota.headers())
        head = incoming.method == "HEAD"
        if isinstance(response, Response):
            await responses.send(send, response, head)
        else:
            await self._stream(send, receive, response, head)

    def leave(self) -> None:
        """Ends the streams under way, so that nobody waits for them: their clients go on elsewhere."""
        for stream in self._streams:
            stream.call.cancel()

    async def _stream(self, send: Send, receive: Receive, stream: Stream, head: bool) -> None:
        self._streams.append(stream)
        try:
            await streaming.send(send, receive, stream, head)
        except Gone:
            return
        except asyncio.CancelledError:
            if not stream.call.cancelled():
                raise
        finally:
            self._streams.remove(stream)

    async def _answer(self, incoming: Incoming, receive: Receive) -> Response | Stream:
        try:
            return await self._respond(incoming, receive)
        except DomainError as error:
            response = responses.problem(error, incoming.language, incoming.request_id, incoming.bad_request)
            if isinstance(error, WrongMethod):
                response.headers["allow"] = responses.allow(error.allowed)
            return response
        except Exception:
            LOG.exception(
                "request failed", method=incoming.method, route=incoming.template, request_id=incoming.request_id
            )
            return responses.internal(incoming.language, incoming.request_id)

    async def _respond(self, incoming: Incoming, receive: Receive) -> Response | Stream:
        if page := self._site.find(incoming.raw_path):
            incoming.template = page.path
            return await page.answer(incoming.verb)
        if incoming.verb == "OPTIONS":
            return responses.options(self._router.allowed(incoming.raw_path))
        route, variables = self._router.find(incoming.verb, incoming.raw_path)
        incoming.template, incoming.bad_request = route.template, route.rest.bad_request
        incoming.default_language = route.default_language
        with tracing.span(f"{route.verb} {route.template}", _traceparent(incoming.headers)):
            metadata = incoming.metadata()
            if token := await self._admit(incoming, route):
                metadata.append(("authorization", f"Bearer {token}"))
            body = (
                b""
                if route.verb in BODILESS
                else await bodies.read(receive, incoming.headers, route.rest.largest_body or bodies.LIMIT)
            )
            request = requests.build(route, variables, incoming.query, incoming.headers, body)
            validate(request)
            if route.streams:
                return await self._upstream.stream(route, request, metadata, receive)
            message, trailing = await self._upstream.call(route, request, metadata, receive)
            return responses.answer(route, message, trailing)

    async def _admit(self, incoming: Incoming, route: Route) -> str:
        """Returns the caller's identity token, empty where none is needed; raises Unauthenticated and Exhausted."""
        authorization, token, caller = incoming.headers.get("authorization", ""), "", incoming.address
        try:
            if not route.public:
                token = await self._upstream.token(authorization)
                caller = authorization.partition(" ")[2].strip()
        except Unauthenticated:
            # Counted too: whoever tries keys out is to be slowed down.
            incoming.quota = self._limits.take(Allowed.ANONYMOUS, incoming.address)
            incoming.quota.check()
            raise
        if allowed := limits.of(route):
            incoming.quota = self._limits.take(allowed, caller)
            incoming.quota.check()
        return token


def _sendable(text: str) -> str:
    return UNSENDABLE.sub("?", text[:LONGEST_HEADER])


def _traceparent(headers: dict[str, str]) -> str:
    given = headers.get("traceparent", "")
    return given if TRACEPARENT.fullmatch(given) else ""
