"""Keyset pages: the token of the next page holds the last row's key."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import orjson

from kit.db import Tx
from kit.errors import Invalid

Row = TypeVar("Row")
Last = Callable[[Row], tuple[str | int, ...]]
"""Returns a row's key."""
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
        raise Invalid("invalid_page_token", field="page_token") from error
    if not isinstance(found, list) or [type(part) for part in found] != [type(part) for part in first]:
        raise Invalid("invalid_page_token", field="page_token")
    if any(isinstance(part, int) and not -LARGEST <= part <= LARGEST for part in found):
        raise Invalid("invalid_page_token", field="page_token")
    return found


def before(text: str) -> UUID:
    """Returns the id after which a list by id, newest first, goes on; raises Invalid(`invalid_page_token`)."""
    return uuid(key(text, str(NEWEST))[0])


def uuid(part: str) -> UUID:
    """Returns the id that is part of a key; raises Invalid(`invalid_page_token`)."""
    try:
        return UUID(part)
    except ValueError as error:
        raise Invalid("invalid_page_token", field="page_token") from error


def cut(rows: Sequence[Row], size: int, last: Last[Row]) -> tuple[Sequence[Row], str]:
    """Returns the page's rows and the token of the next, given one row more than the page's size where there is one."""
    if len(rows) <= size:
        return rows, ""
    return rows[:size], token(*last(rows[size - 1]))


async def page(
    tx: Tx, asked: Any, statement: str, arguments: Sequence[Any], last: "Last[asyncpg.Record]"
) -> tuple[Sequence[asyncpg.Record], str]:
    """Returns a page's rows and the token of the next; the statement's last argument is how many rows it gives."""
    size = asked.page_size or SIZE
    return cut(await tx.connection.fetch(statement, *arguments, size + 1), size, last)


async def newest(
    tx: Tx, asked: Any, rows: str, where: str, values: Sequence[Any]
) -> tuple[Sequence[asyncpg.Record], str]:
    """Returns the same of a list by id, newest first, given its statement up to the conditions, and these with their values.

    Raises Invalid(`invalid_page_token`).
    """
    n = len(values)
    statement = f"{rows} {where} and id < ${n + 1} order by id desc limit ${n + 2}"
    return await page(tx, asked, statement, (*values, before(asked.page_token)), by_id)


def by_id(row: asyncpg.Record) -> tuple[str]:
    """Returns the key of a row that is listed by id."""
    return (str(row["id"]),)


async def total(tx: Tx, asked: Any, statement: str, arguments: Sequence[Any]) -> int | None:
    """Returns how many match where the caller asks for it."""
    if not asked.include_total:
        return None
    found: int = await tx.connection.fetchval(statement, *arguments)
    return found
