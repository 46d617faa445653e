"""Times, enums, and what of a change is given."""

from datetime import datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp


def instant(at: datetime | None) -> Timestamp | None:
    """Returns the message of a time; None stays None."""
    if at is None:
        return None
    found = Timestamp()
    found.FromDatetime(at)
    return found


def given(request: Any, *names: str) -> dict[str, Any]:
    """Returns those of the optional fields that are given."""
    return {name: getattr(request, name) for name in names if request.HasField(name)}


def enum(kind: Any, name: str) -> Any:
    """Returns the number of a value's short name, such as `warehouse`."""
    return kind.Value(f"{_prefix(kind)}{name.upper()}")


def short(kind: Any, number: int) -> str:
    """Returns the short name of a value's number; empty for the unspecified one."""
    return str(kind.Name(number)).removeprefix(_prefix(kind)).lower() if number else ""


def _prefix(kind: Any) -> str:
    return str(kind.DESCRIPTOR.values[0].name).removesuffix("UNSPECIFIED")
