"""A check is data: where to look, what is looked at, and what must not be found."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import asyncpg

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

Connections = Mapping[str, Connection]
Row = tuple[tuple[str, Any], ...]
"""Names and values that say which row is wrong, and how; the same fault looks the same when it is looked at again."""

# So many wrong rows of a check are looked at; more would only repeat the first.
MOST_ROWS = 1000


class Finding(NamedTuple):
    """How many things were looked at, and those of them that are wrong, worst first."""

    checked: int
    wrong: list[Row]


@dataclass(frozen=True, slots=True)
class Check:
    """A promise, and how it is proved; the explanation says what a wrong row means and what to do.

    A check that settles may find something under way that is wrong only for a moment: what counts is what stays wrong.
    """

    name: str
    databases: tuple[str, ...]
    find: Callable[[Connections], Awaitable[Finding]]
    explanation: str
    settles: bool = False


def rows_check(name: str, database: str, *, count: str, wrong: str, explanation: str, settles: bool = False) -> Check:
    """Makes a check of two statements on one database: how many things there are, and which of them are wrong."""

    async def find(connections: Connections) -> Finding:
        connection = connections[database]
        checked = await connection.fetchval(count)
        rows = await connection.fetch(f"select * from ({wrong}) as wrong limit {MOST_ROWS}")
        return Finding(checked, [tuple(row.items()) for row in rows])

    return Check(f"{database}: {name}", (database,), find, explanation, settles)
