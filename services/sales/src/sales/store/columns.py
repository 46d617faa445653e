"""Rows turned into the columns that `unnest` takes."""

from collections.abc import Iterable, Sequence
from typing import Any


def columns(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Returns the columns of at least one row."""
    return [list(column) for column in zip(*rows, strict=True)]
