"""Keyset pages: the token of the next page holds the last row's key."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import orjson

from kit.errors import Invalid

Row = TypeVar("Row")
SIZE = 25
LARGEST = 2**63 - 1
NEWEST = UUID(int=2**128 - 1)


def token(*key: str | int) -> str:
    """Returns an opaque token of a row's key."""
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def key(text: str, *first: str | int) -> list[Any]:
    """Returns the key in a token, or `first` where the token is empty; raises Invalid(`invalid_page_token`).

    `first` lies before every row and says how many parts a key has, and of which types.
    """
    if not text:
        return list(first)
    try:
        found = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError) as error:
        raise Invalid("invalid_page_token") from error
    if not isinstance(found, list) or [type(part) for part in found] != [type(part) for part in first]:
        raise Invalid("invalid_page_token")
    if any(isinstance(part, int) and not -LARGEST <= part <= LARGEST for part in found):
        raise Invalid("invalid_page_token")
    return found


def before(text: str) -> UUID:
    """Returns the id after which a list by id, newest first, goes on; raises Invalid(`invalid_page_token`)."""
    [found] = key(text, str(NEWEST))
    try:
        return UUID(found)
    except ValueError as error:
        raise Invalid("invalid_page_token") from error


def cut(rows: Sequence[Row], size: int, last: Callable[[Row], tuple[str | int, ...]]) -> tuple[Sequence[Row], str]:
    """Returns the page's rows and the token of the next, given one row more than the page's size where there is one."""
    if len(rows) <= size:
        return rows, ""
    return rows[:size], token(*last(rows[size - 1]))
