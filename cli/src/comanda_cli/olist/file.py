"""An Olist file, gzip or plain, as a stream: however long it is, only one line of it is in memory."""

import gzip
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from comanda_cli.olist.record import Order, parse

GZIP_MAGIC = b"\x1f\x8b"
LONGEST_LINE = 1024 * 1024


class BadLine(NamedTuple):
    """A line that cannot be sent, and why."""

    number: int
    reason: str


@dataclass(slots=True)
class Survey:
    """What a file holds; the only thing that grows is the table of products, names by SKU."""

    orders: int = 0
    bad_lines: int = 0
    products: dict[str, str] = field(default_factory=dict)


def survey(path: Path, limit: int | None = None) -> Survey:
    """Reads the file once and says what its orders are of."""
    found = Survey()
    for entry in read(path, limit):
        if isinstance(entry, BadLine):
            found.bad_lines += 1
            continue
        found.orders += 1
        for line in entry.lines:
            found.products.setdefault(line.sku, line.name)
    return found


def read(path: Path, limit: int | None = None) -> Iterator[Order | BadLine]:
    """Yields the orders of the file in its order, and what is wrong with those lines that hold none; limit counts both.

    Raises OSError when the file cannot be opened.
    """
    with path.open("rb") as raw, closing(_Seen()) as seen:
        packed = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        raw.seek(0)
        with gzip.open(raw) if packed else raw as file:
            for count, (number, line) in enumerate(_lines(file)):
                if count == limit:
                    return
                yield line if isinstance(line, BadLine) else _entry(number, line, seen)


def _entry(number: int, line: bytes, seen: "_Seen") -> Order | BadLine:
    try:
        order = parse(number, line)
    except ValueError as error:
        return BadLine(number, str(error))
    first = seen.first_line(order.order_id, number)
    return order if first == number else BadLine(number, f"order {order.order_id} stands in line {first} already")


def _lines(file: BinaryIO | gzip.GzipFile) -> Iterator[tuple[int, bytes | BadLine]]:
    """Yields lines that are not blank with their number; a file that breaks off ends with a bad line."""
    number = 0
    try:
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                while line and not line.endswith(b"\n"):
                    line = file.readline(LONGEST_LINE)
                yield number, BadLine(number, f"it is longer than {LONGEST_LINE} bytes")
            elif line.strip():
                yield number, line
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield number + 1, BadLine(number + 1, f"the file breaks off here: {error}")


class _Seen:
    """Remembers in which line an order came first, in a scratch database on the disk: memory stays flat."""

    def __init__(self) -> None:
        # An empty name is SQLite's for a database that it keeps in a file of its own and removes when it is closed.
        self._scratch = sqlite3.connect("")
        self._scratch.execute("create table orders (id text primary key, line integer) without rowid")

    def first_line(self, order_id: str, number: int) -> int:
        """Returns the line in which the order came first: this one, unless it came before."""
        self._scratch.execute("insert or ignore into orders (id, line) values (?, ?)", (order_id, number))
        found = self._scratch.execute("select line from orders where id = ?", (order_id,)).fetchone()
        return int(found[0])

    def close(self) -> None:
        """Removes the scratch database."""
        self._scratch.close()
