"""File names that Omie takes (omie-api.md 2.1)."""

import re

LONGEST_NAME = 100
LONGEST_ENDING = 10
UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


def ending(name: str) -> str:
    """Returns what comes after the last dot, in lower case; empty without one."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def safe_name(name: str, kind: str = "") -> str:
    """Returns a name that Omie takes: letters, digits, `_` and `-`, exactly one dot, at most a hundred characters.

    The kind is the ending of a name without one.
    """
    stem, _, last = name.rpartition(".")
    if not stem:
        stem, last = name.strip("."), kind
    last = UNSAFE.sub("", last.lower())[:LONGEST_ENDING] or "bin"
    stem = UNSAFE.sub("_", stem).strip("_") or "anexo"
    return f"{stem[: LONGEST_NAME - len(last) - 1]}.{last}"


def distinct_name(name: str, mark: str) -> str:
    """Returns the name with a mark before its ending, for two files whose safe names are one."""
    stem, _, last = name.rpartition(".")
    return f"{stem[: LONGEST_NAME - len(last) - len(mark) - 2]}-{mark}.{last}"
