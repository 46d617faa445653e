"""What goes back over HTTP: JSON, or a problem (RFC 9457) that also carries code, message, and context at its top."""

from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from math import ceil
from typing import Any

import orjson
from google.protobuf.message import Message

from gateway import writing
from gateway.routes import Route
from gateway.texts import TEXTS, words
from kit.errors import (
    Conflict,
    DomainError,
    Duplicate,
    Exhausted,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    Unauthenticated,
    Unavailable,
)
from kit.status import plain
from kit.texts import render

STATUSES: dict[type[DomainError], int] = {
    Invalid: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Duplicate: 409,
    Refused: 409,
    Conflict: 409,
    Exhausted: 429,
    Unavailable: 503,
}
STATUS_OF_CODE = {
    "body_too_large": 413,
    "unsupported_media_type": 415,
    "method_not_allowed": 405,
    "deadline_exceeded": 504,
    "omie_refused": 500,
}
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
JSON, PROBLEM = "application/json", "application/problem+json"


@dataclass(slots=True)
class Response:
    """An HTTP response."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


def answer(route: Route, message: Message, trailing: Mapping[str, str]) -> Response:
    """Returns the response to a call that went well."""
    if route.documents and (document := message.document).content_type:  # type: ignore[attr-defined]  # such methods have it
        return Response(_status(route, message), document.data, document.content_type)
    inner: Any = getattr(message, route.response_body) if route.response_body else message
    response = Response(_status(route, message), orjson.dumps(writing.to_json(inner)))
    if trailing.get("idempotency-replayed") == "true":
        response.headers["idempotency-replayed"] = "true"
    if route.rest.revision_field:
        response.headers["etag"] = f'"{_at(message, route.rest.revision_field)}"'
    return response


def _status(route: Route, message: Message) -> int:
    rest = route.rest
    if rest.created_field and not getattr(message, rest.created_field):
        return 200
    return rest.success_status or 200


def _at(message: Any, path: str) -> Any:
    for name in path.split("."):
        message = getattr(message, name)
    return message


def options(verbs: Collection[str]) -> Response:
    """Returns the response to OPTIONS: what a path takes."""
    return Response(204, b"", headers={"allow": allow(verbs)})


def allow(verbs: Collection[str]) -> str:
    """Returns an Allow header: the methods, and those that come with them."""
    return ", ".join(sorted({*verbs, "OPTIONS"} | ({"HEAD"} if "GET" in verbs else set())))


def problem(error: DomainError, language: str, request_id: str, bad_request: str = "") -> Response:
    """Returns the response to a planned refusal; a route's text for bad requests makes it carry `erro` as well."""
    status = STATUS_OF_CODE.get(error.code) or next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    violations = [{"field": v.field, "rule": v.rule, "message": v.message} for v in error.violations]
    text = words(error, language)
    erro = "" if not bad_request else bad_request if status == HTTPStatus.BAD_REQUEST else text
    response = _problem(status, error.code, text, plain(error.context), request_id, violations, erro)
    if error.retry_after is not None or status in (429, 503):
        response.headers["retry-after"] = str(max(1, ceil(error.retry_after or 1)))
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["www-authenticate"] = "Bearer"
    return response


def internal(language: str, request_id: str) -> Response:
    """Returns the response to what nobody planned; it tells nothing but where to look."""
    return _problem(500, "internal", render(DomainError("internal"), TEXTS, language), {}, request_id)


def _problem(
    status: int,
    code: str,
    message: str,
    context: Any,
    request_id: str,
    violations: Sequence[Mapping[str, str]] = (),
    erro: str = "",
) -> Response:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": message,
        "code": code,
        "message": message,
        "context": context,
        "request_id": request_id,
    }
    if violations:
        body["violations"] = violations
    if erro:
        body["erro"] = erro
    return Response(status, orjson.dumps(body), PROBLEM)


async def send(to: Send, response: Response, head: bool) -> None:
    """Sends a response by ASGI; to HEAD without its body."""
    headers = [(name.encode(), value.encode("latin-1")) for name, value in response.headers.items()]
    if response.status != HTTPStatus.NO_CONTENT:
        headers.append((b"content-type", response.content_type.encode()))
        headers.append((b"content-length", str(len(response.body)).encode()))
    await to({"type": "http.response.start", "status": response.status, "headers": headers})
    await to({"type": "http.response.body", "body": b"" if head else response.body})
