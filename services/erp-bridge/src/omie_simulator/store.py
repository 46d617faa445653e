"""The simulator's records, kept in a journal: each call that changed something is one line, written before it is answered.

A plain file and dictionaries: a stand-in for an outside party needs neither queries nor two writers, and a reader can look at the
journal with `tail`. A line that a kill has torn is ignored, which is what a call that never happened looks like.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

Record = dict[str, Any]
FIRST_ID = 90_000_010_000
JOURNAL = "journal.jsonl"


class Store:
    """Tables of records by id. Whoever changes a record says so with `put`; `commit` writes what one call has changed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._tables: dict[str, dict[int, Record]] = {}
        self._changes: list[tuple[str, int, Record | None]] = []
        (directory / "files").mkdir(parents=True, exist_ok=True)
        self._load()
        self._journal = (directory / JOURNAL).open("ab")

    def _load(self) -> None:
        path = self._directory / JOURNAL
        lines = path.read_bytes().splitlines() if path.exists() else []
        for line in lines:
            try:
                changes = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue
            for table, key, record in changes:
                self._apply(table, key, record)
        # What was overwritten is left behind: the file starts with what there is now.
        present = [(table, key, record) for table, rows in self._tables.items() for key, record in rows.items()]
        scratch = path.with_suffix(".new")
        scratch.write_bytes(orjson.dumps(present) + b"\n")
        scratch.replace(path)

    def _apply(self, table: str, key: int, record: Record | None) -> None:
        rows = self._tables.setdefault(table, {})
        if record is None:
            rows.pop(key, None)
        else:
            rows[key] = record

    def rows(self, table: str) -> Iterator[Record]:
        """Returns the records of a table, oldest first."""
        return iter(list(self._tables.get(table, {}).values()))

    def find(self, table: str, key: int) -> Record | None:
        """Returns one record."""
        return self._tables.get(table, {}).get(key)

    def put(self, table: str, key: int, record: Record) -> Record:
        """Adds or replaces a record."""
        self._apply(table, key, record)
        self._changes.append((table, key, record))
        return record

    def remove(self, table: str, key: int) -> None:
        """Removes a record."""
        self._apply(table, key, None)
        self._changes.append((table, key, None))

    def next_id(self, counter: str = "ids", first: int = FIRST_ID) -> int:
        """Returns a number that was never given out before, not even before a reset."""
        key = sum(counter.encode())
        last = self.find("counters", key)
        number: int = last["last"] + 1 if last else first
        self.put("counters", key, {"name": counter, "last": number})
        return number

    def commit(self) -> None:
        """Writes what was changed since the last time, as one line; survives the process, and not the machine."""
        if self._changes:
            self._journal.write(orjson.dumps(self._changes) + b"\n")
            self._journal.flush()
            self._changes = []

    def clear(self, *kept: str) -> None:
        """Removes all records but those of the tables that are kept."""
        for table in [name for name in self._tables if name not in kept]:
            for key in list(self._tables[table]):
                self.remove(table, key)

    def file(self, key: int) -> Path:
        """Returns where the bytes of an attachment are."""
        return self._directory / "files" / str(key)
