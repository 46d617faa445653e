"""The ASGI application: one request, one RPC."""

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog

from gateway import metrics, pages, requests, responses
from gateway.requests import Incoming
from gateway.responses import Response
from gateway.router import Router, WrongMethod
from gateway.upstream import Upstream
from kit.errors import DomainError, Invalid
from kit.ids import uuid7
from kit.interceptors import validate
from kit.texts import preferred

LOG = structlog.get_logger()
LIMIT = 1024 * 1024
REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
BODILESS = ("GET", "HEAD", "DELETE")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Gateway:
    """Transcodes REST to gRPC; knows routes, but no operation."""

    def __init__(self, router: Router, upstream: Upstream, site: pages.Site) -> None:
        self._router = router
        self._upstream = upstream
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one HTTP request."""
        if scope["type"] != "http":
            raise ValueError(f"no {scope['type']} here")
        started = time.perf_counter()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        request_id = headers.get("x-request-id", "")
        if not REQUEST_ID.fullmatch(request_id):
            request_id = uuid7().hex
        language = preferred(headers.get("accept-language", ""), "en")
        template, response = "", Response(500, b"")
        try:
            template, response = await self._respond(scope, headers, receive, request_id)
        except WrongMethod as wrong:
            refusal = Invalid("method_not_allowed", path=scope["path"], method=scope["method"], allowed=wrong.allowed)
            response = responses.problem(refusal, language, request_id)
            response.headers["allow"] = ", ".join(wrong.allowed)
        except DomainError as error:
            response = responses.problem(error, language, request_id)
        except asyncio.CancelledError:
            raise
        except Exception:
            LOG.exception("request failed", method=scope["method"], path=template or "?", request_id=request_id)
            response = responses.internal(language, request_id)
        metrics.REQUESTS.labels(scope["method"], template or "-", response.status).observe(
            time.perf_counter() - started
        )
        await _send(send, response, request_id, scope["method"] == "HEAD")

    async def _respond(
        self, scope: Scope, headers: dict[str, str], receive: Receive, request_id: str
    ) -> tuple[str, Response]:
        method, path = scope["method"], scope["path"]
        verb = "GET" if method == "HEAD" else method
        if verb == "GET" and (page := await self._site.find(path.rstrip("/"))):
            return path, page
        route, variables = self._router.find(verb, scope.get("raw_path", path.encode()).decode("latin-1"))
        metadata = [
            ("x-request-id", request_id),
            ("traceparent", _traceparent(headers)),
            ("accept-language", headers.get("accept-language", "")),
            ("x-client-address", (scope.get("client") or ("",))[0]),
            ("x-client-agent", headers.get("user-agent", "")[:500]),
        ]
        if not route.public:
            metadata.append(("authorization", f"Bearer {await self._upstream.token(headers.get('authorization', ''))}"))
        body = await _body(receive, headers) if method not in BODILESS else b""
        incoming = Incoming(method, path, scope.get("query_string", b""), headers, body, "")
        request = requests.build(route, variables, incoming)
        validate(request)
        message, trailing = await self._upstream.call(route, request, metadata)
        return route.template, responses.answer(route, message, trailing)


def _traceparent(headers: dict[str, str]) -> str:
    given = headers.get("traceparent", "")
    return given if TRACEPARENT.fullmatch(given) else f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"


async def _body(receive: Receive, headers: dict[str, str]) -> bytes:
    """Reads the body, at most LIMIT bytes of it; raises Invalid for more, and for what is not JSON."""
    if int(headers.get("content-length", 0)) > LIMIT:
        raise Invalid("body_too_large", limit=LIMIT)
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise asyncio.CancelledError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LIMIT:
            raise Invalid("body_too_large", limit=LIMIT)
        if not message.get("more_body"):
            break
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if size and kind != responses.JSON:
        raise Invalid("unsupported_media_type", content_type=kind)
    return b"".join(parts)


async def _send(send: Send, response: Response, request_id: str, head: bool) -> None:
    headers = {
        "content-type": response.content_type,
        "content-length": str(len(response.body)),
        "x-request-id": request_id,
        **response.headers,
    }
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if head else response.body})
