"""Logs of bounded size."""

import shutil
from collections import deque
from pathlib import Path

LARGEST_BYTES = 10 * 1024 * 1024
KEPT = 3


def rotate(directory: Path) -> None:
    """Moves the content of every log that has grown too large to NAME.log.1, that one's to NAME.log.2, and so on.

    The log stays the same file, because its writer has it open; what is written during the copy is lost. Raises OSError when
    there is no room for the copy; all is as it was then.
    """
    for log in directory.glob("*.log"):
        if log.stat().st_size > LARGEST_BYTES:
            _turn(log)


def _turn(log: Path) -> None:
    copy = log.with_name(f"{log.name}.new")
    try:
        shutil.copyfile(log, copy)
    except OSError:
        copy.unlink(missing_ok=True)
        raise
    for number in range(KEPT - 1, 0, -1):
        older = _numbered(log, number)
        if older.exists():
            older.replace(_numbered(log, number + 1))
    copy.replace(_numbered(log, 1))
    with log.open("r+b") as file:
        file.truncate()


def _numbered(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")


def tail(log: Path, count: int) -> list[str]:
    """Returns the last lines of a log, none if there is no such log."""
    if not log.exists():
        return []
    with log.open(errors="replace") as file:
        return list(deque(file, maxlen=count))


def last_words(log: Path) -> str:
    """Returns the last line of a log that is not empty: in a traceback, the error."""
    lines = [line.strip() for line in tail(log, 20) if line.strip()]
    return lines[-1] if lines else "it said nothing"
