"""JSON ⇄ protobuf after the house's rules (docs/api.md): closures made from the descriptors once for each message type."""

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from gateway import scalars, wellknown
from kit.errors import Invalid

Write = Callable[[Any], Any]
Read = Callable[[Message, Any, str], None]
NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000|\x00")
MESSAGE = FieldDescriptor.TYPE_MESSAGE


def to_json(message: Message) -> Any:
    """Returns a message as plain JSON: every field present, `_q` amounts as numbers, enums by their short names."""
    return _writer(message.DESCRIPTOR)(message)


def parse(body: bytes) -> dict[str, Any]:
    """Reads a JSON object; raises Invalid for what is none, for doubled names, NUL characters, and NaN."""
    if NUL.search(body):
        raise Invalid("invalid_json", reason="it holds a NUL character")
    try:
        value = json.loads(body or b"{}", object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Invalid("invalid_json", reason=str(error)[:200]) from error
    if not isinstance(value, dict):
        raise Invalid("invalid_json", reason="it must be an object")
    return value


def fill(message: Message, value: Mapping[str, Any]) -> None:
    """Sets a message from parsed JSON; raises Invalid, naming the path, for unknown names and wrong values."""
    try:
        _reader(message.DESCRIPTOR)(message, value, "")
    except UnicodeEncodeError as error:
        raise Invalid("invalid_json", reason="a text holds half of a surrogate pair") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


@cache
def _writer(descriptor: Descriptor) -> Write:
    if special := wellknown.WRITERS.get(descriptor.full_name):
        return special
    fields = [(field.name, _field_writer(field)) for field in descriptor.fields]
    return lambda message: {name: write(message) for name, write in fields}


def _field_writer(field: FieldDescriptor) -> Write:
    name, write = field.name, scalars.writer(field) or _late(field.message_type)
    if field.is_repeated:
        return lambda message: [write(value) for value in getattr(message, name)]
    if field.has_presence:
        return lambda message: write(getattr(message, name)) if message.HasField(name) else None
    return lambda message: write(getattr(message, name))


def _late(descriptor: Descriptor | None) -> Write:
    """Returns a message's writer, looked up when it is first needed: a message may hold itself."""
    assert descriptor is not None, "a field that is no scalar is a message"
    return lambda message: _writer(descriptor)(message)  # noqa: PLW0108  # the point is to call it late


@cache
def _reader(descriptor: Descriptor) -> Read:
    if special := wellknown.READERS.get(descriptor.full_name):
        return special
    fields = {field.name: _field_reader(field) for field in descriptor.fields}

    def read(message: Message, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise scalars.wrong(path, "an object")
        for name, each in value.items():
            if name not in fields:
                raise Invalid("unknown_field", field=f"{path}{name}")
            if each is not None or fields[name][1]:
                fields[name][0](message, each, f"{path}{name}")

    return read


def _field_reader(field: FieldDescriptor) -> tuple[Read, bool]:
    """Returns what sets a field, and whether null is a value of it and not its absence."""
    if field.is_repeated:
        return _list_reader(field), False
    name = field.name
    if field.message_type:
        takes_null = field.message_type.full_name == "google.protobuf.Value"

        def read_message(message: Message, value: Any, path: str) -> None:
            inner = getattr(message, name)
            inner.SetInParent()
            _reader(field.message_type)(inner, value, f"{path}.")

        return read_message, takes_null
    convert = scalars.reader(field)
    return (lambda message, value, path: setattr(message, name, convert(value, path))), False


def _list_reader(field: FieldDescriptor) -> Read:
    name = field.name

    def read(message: Message, value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise scalars.wrong(path, "a list")
        target = getattr(message, name)
        for index, each in enumerate(value):
            if field.type == MESSAGE:
                _reader(field.message_type)(target.add(), each, f"{path}[{index}].")
            else:
                target.append(scalars.reader(field)(each, f"{path}[{index}]"))

    return read
