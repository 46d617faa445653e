"""Times, enums, JSON, and what of a change is given."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp


def time(moment: datetime | None) -> Timestamp | None:
    """Returns the moment; None stays None, which leaves a field empty."""
    if moment is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def given(request: Any, *names: str) -> dict[str, Any]:
    """Returns those of the fields that the request gives."""
    return {name: getattr(request, name) for name in names if request.HasField(name)}


def enum(kind: Any, name: str) -> Any:
    """Returns the number of a value's short name, such as `retail`; zero for the empty one."""
    return kind.Value(f"{_prefix(kind)}{name.upper()}") if name else 0


def short(kind: Any, number: int) -> str:
    """Returns the short name of a value's number; empty for the unspecified one."""
    return str(kind.Name(number)).removeprefix(_prefix(kind)).lower() if number else ""


def _prefix(kind: Any) -> str:
    return str(kind.DESCRIPTOR.values[0].name).removesuffix("UNSPECIFIED")


def struct(value: Mapping[str, Any]) -> Struct:
    """Returns a mapping as a Struct."""
    made = Struct()
    made.update(dict(value))
    return made


def plain(number: Decimal) -> str:
    """Returns a decimal as text without zeros at its end."""
    return f"{number.normalize():f}"
