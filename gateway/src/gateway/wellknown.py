"""Times, durations, and free documents as JSON has them."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message

from gateway.scalars import wrong
from kit.errors import Invalid
from kit.status import EXACT_INTEGER, integral

DEEPEST = 60


def write_time(message: Any) -> str:
    """RFC 3339 in UTC."""
    text: str = message.ToJsonString()
    return text


def write_value(message: Any) -> Any:
    """A google.protobuf.Value; whole numbers are integers."""
    kind = message.WhichOneof("kind")
    if kind == "struct_value":
        return write_struct(message.struct_value)
    if kind == "list_value":
        return [write_value(each) for each in message.list_value.values]
    return None if kind in (None, "null_value") else integral(getattr(message, kind))


def write_struct(message: Any) -> dict[str, Any]:
    """A google.protobuf.Struct."""
    return {name: write_value(each) for name, each in message.fields.items()}


def read_time(message: Any, value: Any, path: str) -> None:
    """Reads RFC 3339 with any offset."""
    try:
        read = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise wrong(path, "a time such as 2026-11-20T18:30:00Z") from None
    if read.tzinfo is None:
        raise wrong(path, "a time with its offset, such as 2026-11-20T18:30:00Z")
    try:
        message.FromDatetime(read.astimezone(UTC))
    except (ValueError, OverflowError):
        raise wrong(path, "a time from the years 1 to 9999") from None


def read_duration(message: Any, value: Any, path: str) -> None:
    """Reads a duration such as `900s`."""
    try:
        message.FromJsonString(value)
    except (TypeError, ValueError, AttributeError):
        raise wrong(path, "a duration such as 900s") from None


def read_struct(message: Any, value: Any, path: str) -> None:
    """Reads a free document."""
    if not isinstance(value, dict):
        raise wrong(path, "an object")
    check_document(value, path.rstrip("."), 0)
    message.update(value)


def read_value(message: Any, value: Any, path: str) -> None:
    """Reads any JSON value."""
    check_document(value, path.rstrip("."), 0)
    if value is None:
        message.null_value = 0
    elif isinstance(value, bool):
        message.bool_value = value
    elif isinstance(value, int | float):
        message.number_value = value
    elif isinstance(value, str):
        message.string_value = value
    elif isinstance(value, dict):
        message.struct_value.update(value)
        message.struct_value.SetInParent()
    else:
        message.list_value.extend(value)
        message.list_value.SetInParent()


def check_document(value: Any, path: str, depth: int) -> None:
    """Raises Invalid for what would not come back as it was given: numbers beyond 2^53, and bottomless nesting."""
    if depth > DEEPEST:
        raise Invalid("wrong_type", field=path, expected=f"at most {DEEPEST} levels")
    if isinstance(value, dict):
        for name, each in value.items():
            check_document(each, f"{path}.{name}", depth + 1)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            check_document(each, f"{path}[{index}]", depth + 1)
    elif isinstance(value, int) and abs(value) > EXACT_INTEGER:
        raise wrong(path, "a number of at most 2^53 (send a longer one as text)")
    elif isinstance(value, float) and not math.isfinite(value):
        raise wrong(path, "a finite number")


WRITERS: dict[str, Callable[[Any], Any]] = {
    "google.protobuf.Timestamp": write_time,
    "google.protobuf.Duration": write_time,
    "google.protobuf.Struct": write_struct,
    "google.protobuf.Value": write_value,
}
READERS: dict[str, Callable[[Message, Any, str], None]] = {
    "google.protobuf.Timestamp": read_time,
    "google.protobuf.Duration": read_duration,
    "google.protobuf.Struct": read_struct,
    "google.protobuf.Value": read_value,
}
