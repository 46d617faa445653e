"""Examples for people: taken from the contract where it gives one, else made up from the field's kind."""

import re
from collections.abc import Collection
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from gateway import rules
from gateway.comments import comments
from gateway.scalars import RANGES, is_decimal, short_names

F = FieldDescriptor
SUCH_AS = re.compile(r"such as `([^`]+)`")
KNOWN = {
    "google.protobuf.Timestamp": "2026-11-20T18:30:00Z",
    "google.protobuf.Duration": "900s",
    "google.protobuf.Struct": {"note": "any JSON object"},
    "google.protobuf.ListValue": ["any JSON values"],
    "google.protobuf.Value": "any JSON value",
}


def message(descriptor: Any, leave_out: Collection[str] = ()) -> dict[str, Any]:
    """Returns an example of a message: what it needs, and what the contract gives an example of."""
    needed = rules.required(descriptor)
    fields = [field for field in descriptor.fields if field.name not in leave_out]
    return {field.name: _value(field) for field in fields if field.name in needed or _is_given(field)}


def whole(descriptor: Any) -> dict[str, Any]:
    """Returns an example of a message with every field."""
    return {field.name: _of_all(field) for field in descriptor.fields}


def one(field: Any) -> Any:
    """Returns an example of one value of a field that is no message."""
    given = _given(field)
    return given[0] if given else _made_up(field)


def _value(field: Any) -> Any:
    if not field.message_type:
        value = one(field)
    else:
        known = KNOWN.get(field.message_type.full_name)
        value = message(field.message_type) if known is None else known
    return [value] if field.is_repeated else value


def _of_all(field: Any) -> Any:
    if field.message_type and field.message_type.GetOptions().map_entry:
        entry = field.message_type.fields_by_name
        return {one(entry["key"]): _of_all(entry["value"])}
    if not field.message_type:
        value = one(field)
    else:
        known = KNOWN.get(field.message_type.full_name)
        value = whole(field.message_type) if known is None else known
    return [value] if field.is_repeated else value


def _is_given(field: Any) -> bool:
    if field.message_type:
        return field.is_repeated and any(_is_given(each) for each in field.message_type.fields)
    return bool(_given(field))


def _given(field: Any) -> list[Any]:
    """The field's `example` rule."""
    return list(getattr(rules.on_value(rules.of(field)), "example", ()))


def _made_up(field: Any) -> Any:
    if field.enum_type:
        return next((name for number, name in short_names(field.enum_type).items() if number), "")
    if is_decimal(field):
        return "2.500"
    if field.type in RANGES:
        return 1500 if field.name.endswith("_q") else 1
    if field.type == F.TYPE_BOOL:
        return True
    if rules.of(field).string.uuid:
        return "0199f3a2-7c1e-7a44-9a53-1c2d3e4f5a6b"
    found = SUCH_AS.search(comments().get(field.full_name, ""))
    return found[1] if found else field.name.upper()
