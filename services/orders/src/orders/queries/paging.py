"""A page at a time, by the key of the last row."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

from kit import pages
from kit.db import Tx
from kit.errors import Invalid

PLANNED = "select set_config('plan_cache_mode', 'force_custom_plan', true)"


@asynccontextmanager
async def planned(tx: Tx) -> AsyncIterator[None]:
    """Plans each statement with its values, all of them seeing the same rows.

    Which index serves a list best depends on which filters are given, and with what: a plan costs less than a wrong choice.
    """
    async with tx.connection.transaction(isolation="repeatable_read", readonly=True):
        await tx.connection.execute(PLANNED)
        yield


async def page(
    tx: Tx,
    asked: Any,
    statement: str,
    arguments: tuple[Any, ...],
    key: Callable[[asyncpg.Record], tuple[str | int, ...]],
) -> tuple[Sequence[asyncpg.Record], str]:
    """Returns a page's rows and the next page's token; the statement's last argument is how many rows it gives."""
    size = asked.page_size or pages.SIZE
    return pages.cut(await tx.connection.fetch(statement, *arguments, size + 1), size, key)


async def total(tx: Tx, asked: Any, statement: str, arguments: tuple[Any, ...]) -> int | None:
    """Returns how many match where the caller asks for it."""
    if not asked.include_total:
        return None
    found: int = await tx.connection.fetchval(statement, *arguments)
    return found


def uuid(text: str) -> UUID:
    """Returns the id in a page's key; raises Invalid(`invalid_page_token`)."""
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid("invalid_page_token") from error


def id_key(row: asyncpg.Record) -> tuple[str | int, ...]:
    """Returns the key of a row that is listed by id."""
    return (str(row["id"]),)
