"""Sets of rows on their way into a statement."""

from collections.abc import Iterable, Sequence
from typing import Any


def columns(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Returns rows, of which there is at least one, as one list for each column: the arguments of an `unnest`."""
    return [list(column) for column in zip(*rows, strict=True)]
