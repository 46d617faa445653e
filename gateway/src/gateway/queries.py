"""Query parameters as the JSON that they stand for."""

import re
from typing import Any
from urllib.parse import parse_qsl

from google.protobuf.descriptor import FieldDescriptor

from gateway.scalars import FRACTIONS, RANGES, wrong
from kit.errors import Invalid

MOST = 1000
INTEGER = re.compile(r"-?[0-9]{1,20}")
BOOLEANS = {"true": True, "false": False}


def parse(query: bytes, descriptor: Any) -> dict[str, Any]:
    """Reads a query string into what `reading` takes for a message; a repeated parameter is a list, dots lead into messages.

    Raises Invalid for unknown names, values of another type, what is no UTF-8, and more than MOST parameters.
    """
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST)
    except UnicodeDecodeError as error:
        raise Invalid("invalid_url") from error
    except ValueError as error:
        raise Invalid("too_many_parameters", most=MOST) from error
    found: dict[str, Any] = {}
    for name, text in pairs:
        if "\0" in name or "\0" in text:
            raise Invalid("invalid_url")
        _put(found, descriptor, name, name, text)
    return found


def _put(found: dict[str, Any], descriptor: Any, whole: str, name: str, text: str) -> None:
    head, _, rest = name.partition(".")
    field = descriptor.fields_by_name.get(head)
    if field is None or (rest and not field.message_type):
        raise Invalid("unknown_field", field=whole[:100])
    if rest and field.message_type:
        inside = found.setdefault(head, {})
        if not isinstance(inside, dict) or rest in inside:
            raise wrong("single", whole)
        if field.message_type.full_name == "google.protobuf.Struct":
            inside[rest] = text
        else:
            _put(inside, field.message_type, whole, rest, text)
    elif field.is_repeated:
        found.setdefault(head, []).append(typed(field, text))
    elif head in found:
        raise wrong("single", whole)
    else:
        found[head] = typed(field, text)


def typed(field: Any, text: str) -> Any:
    """Returns the JSON value that a parameter of the query or the path stands for; raises Invalid."""
    if field.type in RANGES:
        if not INTEGER.fullmatch(text):
            smallest, largest = RANGES[field.type]
            raise wrong("integer", field.name, smallest=str(smallest), largest=str(largest))
        return int(text)
    if field.type == FieldDescriptor.TYPE_BOOL:
        if text not in BOOLEANS:
            raise wrong("boolean", field.name)
        return BOOLEANS[text]
    if field.type in FRACTIONS:
        raise TypeError(f"{field.full_name}: parameters are never fractions")
    return text
