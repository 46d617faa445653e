"""The protovalidate rules of the contract, as far as they say something about documents."""

from typing import Any

import protovalidate
from google.protobuf import message_factory

from buf.validate import validate_pb2


def of(field: Any) -> Any:
    """Returns the rules on a field."""
    return field.GetOptions().Extensions[validate_pb2.field]


def on_value(rules: Any) -> Any:
    """Returns the rules of the one kind that fits the field, such as those for texts; None where there are none."""
    kind = rules.WhichOneof("type")
    return getattr(rules, kind) if kind else None


def required(descriptor: Any) -> set[str]:
    """Returns the names of the fields without which a message breaks its rules: those that an empty one breaks."""
    empty = message_factory.GetMessageClass(descriptor)()
    broken: list[Any] = protovalidate.collect_violations(empty)
    return {each.proto.field.elements[0].field_name for each in broken}
