"""From an HTTP request to the RPC's request: path, query, body, and the headers that stand for fields."""

import re
from collections.abc import Mapping
from typing import Any

from google.protobuf.message import Message

from gateway import jsontext, queries, reading
from gateway.routes import Route
from gateway.scalars import wrong
from kit import ids
from kit.errors import Invalid

GENERATED = "idempotency_key"
"""Methods whose key field has this name must have a key, so one is made for callers who bring none (decision 16)."""
KEY = re.compile(r"[!-~]([ -~]{0,126}[!-~])?")
REVISION = re.compile(r'(?:W/)?"?([0-9]{1,18})"?')


def build(route: Route, variables: Mapping[str, str], query: bytes, headers: Mapping[str, str], body: bytes) -> Message:
    """Returns the RPC's request; raises Invalid, naming the field, for what does not fit it or contradicts itself."""
    value = _from_body(route, body) if body and not route.raw else {}
    for name, given in queries.parse(query, route.request.DESCRIPTOR).items() if query else ():
        if route.body == "*" or name in value or name in dict(route.headers):
            raise Invalid("unknown_field", field=name)
        value[name] = given
    for name, text in variables.items():
        given = queries.typed(route.request.DESCRIPTOR.fields_by_name[name], text)
        if value.setdefault(name, given) != given:
            raise wrong("path_value", name)
    message = reading.from_json(route.request, value)
    if route.key_field:
        _set_key(route, message, headers.get("idempotency-key"))
    if route.takes_revision:
        _set_revision(message, headers.get("if-match", "*"))
    if route.raw:
        getattr(message, route.body).data = body
    for name, header in route.headers:
        setattr(message, name, headers.get(header, ""))
    if since := route.feed and headers.get("last-event-id"):
        setattr(message, route.rest.feed.since_field, since)
    return message


def _from_body(route: Route, body: bytes) -> dict[str, Any]:
    value = jsontext.parse(body)
    if value and not route.body:
        raise Invalid("unknown_field", field=next(iter(value))[: reading.LONGEST_NAME])
    return value if route.body in ("", "*") else {route.body: value}


def _set_key(route: Route, message: Any, header: str | None) -> None:
    inside = getattr(message, route.key_field)
    if header is not None and not KEY.fullmatch(header):
        raise wrong("key", "Idempotency-Key")
    if header and inside and header != inside:
        raise Invalid("key_mismatch", field=route.key_field)
    if not inside:
        header = header or (ids.code("IDEM", 16) if route.key_field == GENERATED else "")
        setattr(message, route.key_field, header)


def _set_revision(message: Any, header: str) -> None:
    if header == "*":
        return
    revision = REVISION.fullmatch(header)
    if not revision:
        raise wrong("revision", "If-Match")
    if message.HasField("expected_rev") and message.expected_rev != int(revision[1]):
        raise Invalid("revision_mismatch")
    message.expected_rev = int(revision[1])
