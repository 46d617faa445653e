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
        raise _unusable("object")
    return value


def _unusable(problem: str, **values: Any) -> Invalid:
    """The problem is one of those that the texts have words for."""
    return Invalid("invalid_json", problem=problem, **values)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _unusable("twice")
    return found


def _no_constant(name: str) -> Any:
    raise _unusable("constant", name=name)


DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
"""Made once: json.loads makes a new one at every call that wants more than the defaults."""


def _check_texts(value: Any) -> None:
    for text in _texts(value, 0):
        if "\0" in text:
            raise _unusable("nul")
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise _unusable("surrogate")


def _texts(value: Any, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        raise _unusable("depth", deepest=DEEPEST)
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from _texts(each, depth + 1)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, depth + 1)
