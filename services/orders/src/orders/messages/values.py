"""Values that all messages share, and messages as plain JSON."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from google.protobuf import json_format, struct_pb2, timestamp_pb2
from google.protobuf.message import Message

from kit.status import integral


def plain(struct: struct_pb2.Struct | struct_pb2.Value) -> Any:
    """Returns a Struct or Value as Python, with whole numbers as integers."""
    return integral(json_format.MessageToDict(struct))


def struct(value: Mapping[str, Any]) -> struct_pb2.Struct:
    """Returns a mapping as a Struct."""
    made = struct_pb2.Struct()
    if value:
        made.update(value)
    return made


def time(value: datetime | None) -> timestamp_pb2.Timestamp | None:
    """Returns a time as a Timestamp; None where it has not come."""
    if value is None:
        return None
    made = timestamp_pb2.Timestamp()
    made.FromDatetime(value)
    return made


def json_of(message: Message) -> dict[str, Any]:
    """Returns a message of another context as plain JSON with every field present, so that it can be stored."""
    return json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


def instant(message: Message, name: str) -> datetime | None:
    """Returns a time of a request; None where it was not given."""
    return getattr(message, name).ToDatetime(tzinfo=UTC) if message.HasField(name) else None
