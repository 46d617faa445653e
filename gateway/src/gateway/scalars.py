"""Fields that hold one value: numbers stay numbers, decimals are text, enums go by their short names."""

import base64
import binascii
import math
from collections.abc import Callable
from functools import cache
from typing import Any

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

from comanda.types.v1 import options_pb2
from kit.errors import Invalid

F = FieldDescriptor
RANGES = {
    **dict.fromkeys((F.TYPE_INT32, F.TYPE_SINT32, F.TYPE_SFIXED32), (-(2**31), 2**31 - 1)),
    **dict.fromkeys((F.TYPE_INT64, F.TYPE_SINT64, F.TYPE_SFIXED64), (-(2**63), 2**63 - 1)),
    **dict.fromkeys((F.TYPE_UINT32, F.TYPE_FIXED32), (0, 2**32 - 1)),
    **dict.fromkeys((F.TYPE_UINT64, F.TYPE_FIXED64), (0, 2**64 - 1)),
}
FRACTIONS = (F.TYPE_DOUBLE, F.TYPE_FLOAT)

Convert = Callable[[Any], Any]
"""Turns one value into another; raises Invalid with the place of what is wrong *within* that value as context `field`."""


def wrong(expected: str, place: str = "", **limits: Any) -> Invalid:
    """The refusal of a value of another kind than expected (a name from `texts.EXPECTED`).

    Whoever knows where the value stood adds that by `within`.
    """
    return Invalid("wrong_type", field=place, expected=expected, **limits)


def within(place: str, error: Invalid) -> Invalid:
    """Puts a place (a name, or an index in brackets) before the one that the error has."""
    inner = error.context["field"]
    error.context["field"] = place + inner if inner[:1] in ("", "[") else f"{place}.{inner}"
    return error


def is_restricted(field: FieldDescriptor) -> bool:
    """Tells whether the field is left out where it is kept from the caller."""
    options: Any = field.GetOptions()
    return bool(options.Extensions[options_pb2.restricted])


def is_decimal(field: FieldDescriptor) -> bool:
    """Whether a text is a decimal number."""
    options: Any = field.GetOptions()
    return bool(options.Extensions[options_pb2.decimal])


def keyed(field: FieldDescriptor) -> options_pb2.Keyed | None:
    """Returns what names and values stand for in the object that JSON may give for a list; None where it may not."""
    options: Any = field.GetOptions()
    return options.Extensions[options_pb2.keyed] if options.HasExtension(options_pb2.keyed) else None


def writer(field: FieldDescriptor) -> Convert | None:
    """Returns what turns a value into JSON; None where the value is JSON already."""
    if field.enum_type:
        names = short_names(field.enum_type)
        return lambda value: names.get(value, value)
    return _write_bytes if field.type == F.TYPE_BYTES else None


def reader(field: FieldDescriptor) -> Convert:
    """Returns what turns JSON into a value; raises TypeError for a type that JSON has no rule for."""
    if field.enum_type:
        return _enum(field.enum_type)
    if field.type in RANGES:
        return _integer(*RANGES[field.type])
    if field.type == F.TYPE_STRING:
        return _decimal if is_decimal(field) else _text
    if field.type in FRACTIONS:
        return _number
    others = {F.TYPE_BOOL: _boolean, F.TYPE_BYTES: _bytes}
    if field.type not in others:
        raise TypeError(f"{field.full_name} has a type that JSON has no rule for")
    return others[field.type]


@cache
def short_names(enum: EnumDescriptor) -> dict[int, str]:
    """Returns an enum's values in lower case without the prefix that all of them share; empty for the unspecified one."""
    prefix = next(value.name for value in enum.values if value.number == 0).removesuffix("UNSPECIFIED")
    names = {value.number: value.name.removeprefix(prefix).lower() for value in enum.values}
    return {number: "" if name == "unspecified" else name for number, name in names.items()}


def _enum(enum: EnumDescriptor) -> Convert:
    short = short_names(enum)
    numbers = {name: number for number, name in short.items()} | {
        value.name.lower(): value.number for value in enum.values
    }
    values = sorted(name for name in short.values() if name)

    def convert(value: Any) -> int:
        number = numbers.get(value.lower()) if isinstance(value, str) else None
        if number is None:
            raise wrong("one_of", values=values)
        return number

    return convert


def _integer(smallest: int, largest: int) -> Convert:
    def convert(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not smallest <= value <= largest:
            raise wrong("integer", smallest=str(smallest), largest=str(largest))
        return value

    return convert


def _number(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise wrong("number")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise wrong("boolean")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise wrong("text")
    return value


def _decimal(value: Any) -> str:
    """A decimal number is text; a JSON integer means the same, a JSON fraction would already have lost its last digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise wrong("decimal")
    return value


def _bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(_text(value), validate=True)
    except (binascii.Error, ValueError):
        raise wrong("base64") from None


def _write_bytes(value: bytes) -> str:
    return base64.b64encode(value).decode()
