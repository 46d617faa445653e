"""From an HTTP request to the RPC's request: path, query, body, and the headers that stand for fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from gateway import codec
from gateway.routes import Route
from gateway.scalars import RANGES, wrong
from kit import ids
from kit.errors import Invalid

GENERATED = "idempotency_key"
"""Methods whose key field has this name must have a key, so one is made for callers who bring none (decision 16)."""
KEY_LENGTH = 128


@dataclass(frozen=True, slots=True)
class Incoming:
    """What arrived over HTTP, with header names in lower case."""

    method: str
    path: str
    query: bytes
    headers: Mapping[str, str]
    body: bytes
    address: str


def build(route: Route, variables: Mapping[str, str], incoming: Incoming) -> Message:
    """Returns the RPC's request; raises Invalid, naming the field."""
    message = route.request()
    value = codec.parse(incoming.body) if route.body else {}
    if route.body not in ("", "*"):
        value = {route.body: value}
    value |= _query(route, incoming.query)
    for name, given in variables.items():
        if name in value and value[name] != given:
            raise Invalid("wrong_type", field=name, expected="what the path says, or absent")
        value[name] = given
    codec.fill(message, value)
    _key(route, message, incoming.headers.get("idempotency-key", ""))
    _revision(route, message, incoming.headers.get("if-match", ""))
    return message


def _query(route: Route, query: bytes) -> dict[str, Any]:
    if not query:
        return {}
    fields = route.request.DESCRIPTOR.fields_by_name
    found: dict[str, Any] = {}
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, strict_parsing=False, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise Invalid("invalid_json", reason="the query is not UTF-8") from error
    for name, text in pairs:
        field = fields.get(name)
        if field is None or route.body == "*":
            raise Invalid("unknown_field", field=name)
        if "\0" in text:
            raise wrong(name, "a text without NUL characters")
        value = _typed(field, text)
        if field.is_repeated:
            found.setdefault(name, []).append(value)
        elif name in found:
            raise wrong(name, "given once")
        else:
            found[name] = value
    return found


def _typed(field: Any, text: str) -> Any:
    """Returns a query parameter as the JSON value that it stands for."""
    if field.type in RANGES:
        try:
            return int(text)
        except ValueError:
            raise wrong(field.name, "a whole number") from None
    if field.type == FieldDescriptor.TYPE_BOOL:
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    return text


def _key(route: Route, message: Any, header: str) -> None:
    if not route.key_field:
        return
    inside = getattr(message, route.key_field)
    if header and inside and header != inside:
        raise Invalid("key_mismatch", field=route.key_field)
    if len(header) > KEY_LENGTH or not header.isprintable():
        raise wrong("Idempotency-Key", f"at most {KEY_LENGTH} printable characters")
    if not inside:
        made = ids.code("IDEM", 16) if route.key_field == GENERATED else ""
        setattr(message, route.key_field, header or made)


def _revision(route: Route, message: Any, header: str) -> None:
    if not header or header == "*" or not route.takes_revision:
        return
    text = header.removeprefix("W/").strip('"')
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise wrong("If-Match", 'a revision such as "3"')
    if message.HasField("expected_rev") and message.expected_rev != int(text):
        raise Invalid("revision_mismatch")
    message.expected_rev = int(text)
