"""Conditions of a list, of those that were asked for."""

from typing import Any


def matching(*conditions: tuple[str, Any]) -> tuple[str, list[Any]]:
    """Returns a where clause and its values; a condition without a value is left out, and `?` becomes its number."""
    given = [(text, value) for text, value in conditions if value not in (None, "", [])]
    parts = [text.replace("?", f"${number}") for number, (text, _) in enumerate(given, 1)]
    return f"where {' and '.join(parts)}", [value for _, value in given]
