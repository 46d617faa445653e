"""The strict reading of parameters: Omie refuses a tag that a structure does not have, and a value of the wrong type."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from omie_simulator import faults

DATE = re.compile(r"(\d{2})/(\d{2})/(\d{4})")
FIRST_YEAR = 1900


@dataclass(frozen=True)
class Shape:
    """A complex type: its name on the wire, and its tags with a kind (s text, i integer, n number, b boolean, d date)."""

    name: str
    tags: Mapping[str, "str | Shape | list[Shape]"]


def shape(name: str, tags: str = "", /, **nested: "Shape | list[Shape]") -> Shape:
    """Makes a shape of tags separated by spaces, each with its kind after a colon unless it is text; a list means repeated."""
    plain = dict(_tag(each) for each in tags.split())
    return Shape(name, {**plain, **nested})


def _tag(text: str) -> tuple[str, str]:
    name, _, kind = text.partition(":")
    return name, kind or "s"


def present(value: Any) -> Any:
    """Returns a parameter without its nulls, which mean as little as absent fields (omie-api.md 1.5)."""
    if isinstance(value, dict):
        return {tag: present(each) for tag, each in value.items() if each is not None}
    return [present(each) for each in value if each is not None] if isinstance(value, list) else value


def check(value: Any, expected: Shape) -> None:
    """Checks a parameter against its shape; raises Fault 5001 for an unknown tag and 3102 for a wrong type."""
    if not isinstance(value, dict):
        raise faults.wrong_type(expected.name, expected.name)
    for tag, each in value.items():
        kind = expected.tags.get(tag)
        if kind is None:
            raise faults.unknown_tag(tag, expected.name)
        if isinstance(kind, Shape):
            check(each, kind)
        elif isinstance(kind, list):
            _check_list(tag, each, kind[0], expected.name)
        elif not _fits(each, kind):
            raise faults.wrong_type(tag, expected.name)
        elif kind == "d":
            _check_date(tag, each)


def _check_list(tag: str, value: Any, item: Shape, structure: str) -> None:
    if not isinstance(value, list):
        raise faults.wrong_type(tag, structure)
    for each in value:
        check(each, item)


def _fits(value: Any, kind: str) -> bool:
    if kind == "i":
        return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, str) and _is_whole(value))
    if kind == "n":
        return isinstance(value, int | float) and not isinstance(value, bool)
    # Flags are text, and `true` is taken for them as well.
    return isinstance(value, str | int | float | bool)


def _is_whole(text: str) -> bool:
    return not text or (text.isascii() and text.isdigit())


def _check_date(tag: str, value: Any) -> None:
    if not value:
        return
    found = DATE.fullmatch(str(value))
    if found is None:
        raise faults.client(103, f"Data inválida [{value}] na tag [{tag}]! Utilize o formato [dd/mm/aaaa].")
    if int(found[3]) < FIRST_YEAR:
        raise faults.client(104, f"O ano da data [{value}] na tag [{tag}] deve ser maior que {FIRST_YEAR}!")
