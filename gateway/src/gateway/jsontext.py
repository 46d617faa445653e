"""Text of JSON bodies to Python values, with everything refused that would not mean the same to every reader of it."""

import json
from collections.abc import Iterator
from typing import Any

from kit.errors import Invalid

DEEPEST = 200
SUSPICIOUS = (b"\\u0000", b"\\ud", b"\\uD")


def parse(body: bytes) -> dict[str, Any]:
    """Reads a JSON object (an empty body is an empty one).

    Raises Invalid(`invalid_json`) for anything else, for a name that stands twice in one object, and for NaN, NUL characters,
    and halves of surrogate pairs, which neither protobuf nor PostgreSQL can hold.
    """
    try:
        value = DECODER.decode(body.decode()) if body else {}
        if any(mark in body for mark in SUSPICIOUS):
            _check_texts(value)
    except (ValueError, RecursionError) as error:
        raise Invalid("invalid_json", reason=str(error)[:200]) from error
    if not isinstance(value, dict):
        raise Invalid("invalid_json", reason="it must be an object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
"""Made once: json.loads makes a new one at every call that wants more than the defaults."""


def _check_texts(value: Any) -> None:
    for text in _texts(value, 0):
        if "\0" in text:
            raise ValueError("it holds a NUL character")
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise ValueError("it holds half of a surrogate pair")


def _texts(value: Any, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        raise ValueError(f"it nests deeper than {DEEPEST} levels")
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from _texts(each, depth + 1)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, depth + 1)
