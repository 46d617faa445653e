"""Fields that hold one value: numbers stay numbers, decimals are text, enums go by short names."""

from collections.abc import Callable
from functools import cache
from typing import Any

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

from comanda.types.v1 import options_pb2
from kit.errors import Invalid

F = FieldDescriptor
RANGES = {
    F.TYPE_INT32: (-(2**31), 2**31 - 1),
    F.TYPE_INT64: (-(2**63), 2**63 - 1),
    F.TYPE_UINT32: (0, 2**32 - 1),
    F.TYPE_UINT64: (0, 2**64 - 1),
}
Convert = Callable[[Any, str], Any]


def wrong(path: str, what: str) -> Invalid:
    """The refusal of a value of another kind than `what`."""
    return Invalid("wrong_type", field=path.rstrip("."), expected=what)


def _same(value: Any) -> Any:
    return value


def writer(field: FieldDescriptor) -> Callable[[Any], Any] | None:
    """Returns what turns a value into JSON; None for a message."""
    if field.enum_type:
        names = short_names(field.enum_type)
        return lambda value: names.get(value, value)
    return None if field.type == F.TYPE_MESSAGE else _same


@cache
def reader(field: FieldDescriptor) -> Convert:
    """Returns what turns JSON into a value, or raises Invalid with the path."""
    if field.enum_type:
        return _enum(field.enum_type)
    if field.type in RANGES:
        return _integer(*RANGES[field.type])
    if field.type == F.TYPE_BOOL:
        return _boolean
    if field.type == F.TYPE_STRING:
        return _decimal if field.GetOptions().Extensions[options_pb2.decimal] else _text
    raise TypeError(f"{field.full_name} has a type that JSON has no rule for")


@cache
def short_names(enum: EnumDescriptor) -> dict[int, str]:
    """Returns an enum's values in lower case without the prefix that all of them share; empty for the unspecified one."""
    prefix = next(value.name for value in enum.values if value.number == 0).removesuffix("UNSPECIFIED")
    names = {value.number: value.name.removeprefix(prefix).lower() for value in enum.values}
    return {number: "" if name == "unspecified" else name for number, name in names.items()}


def _enum(enum: EnumDescriptor) -> Convert:
    numbers = {name: number for number, name in short_names(enum).items()}
    numbers |= {value.name.lower(): value.number for value in enum.values}
    known = sorted(name for name in short_names(enum).values() if name)

    def convert(value: Any, path: str) -> int:
        number = numbers.get(value.lower()) if isinstance(value, str) else None
        if number is None:
            raise wrong(path, f"one of {', '.join(known)}")
        return number

    return convert


def _integer(smallest: int, largest: int) -> Convert:
    def convert(value: Any, path: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise wrong(path, "a whole number")
        if not smallest <= value <= largest:
            raise wrong(path, f"a whole number from {smallest} to {largest}")
        return value

    return convert


def _boolean(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise wrong(path, "true or false")
    return value


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise wrong(path, "a text")
    return value


def _decimal(value: Any, path: str) -> str:
    """A decimal number is text; a JSON integer means the same, and a JSON fraction would already have lost its last digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise wrong(path, "a decimal number as text")
    return value
