"""Times, enums, and what of a change is given."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(at: datetime | None) -> Timestamp | None:
    """Returns the message of a time; None stays None."""
    if at is None:
        return None
    return set_instant(Timestamp(), at)


def set_instant(message: Timestamp, at: datetime) -> Timestamp:
    """Writes a time into a message, which may be part of another: that is quicker than to give it to the other's constructor."""
    since = at - EPOCH
    message.seconds, message.nanos = since.days * 86_400 + since.seconds, since.microseconds * 1000
    return message


def given(request: Any, *names: str) -> dict[str, Any]:
    """Returns those of the optional fields that are given."""
    return {name: getattr(request, name) for name in names if request.HasField(name)}


@cache
def enum(kind: Any, name: str) -> Any:
    """Returns the number of a value's short name, such as `warehouse`."""
    return kind.Value(f"{_prefix(kind)}{name.upper()}")


@cache
def short(kind: Any, number: int) -> str:
    """Returns the short name of a value's number; empty for the unspecified one."""
    return str(kind.Name(number)).removeprefix(_prefix(kind)).lower() if number else ""


def _prefix(kind: Any) -> str:
    return str(kind.DESCRIPTOR.values[0].name).removesuffix("UNSPECIFIED")
