"""Conditions that depend on what is asked for: only those that are meant reach the planner, so that each can use its index."""

from typing import Any


def matching(*conditions: tuple[str, Any]) -> tuple[str, list[Any]]:
    """Returns `where …` of the conditions whose value is given (neither None nor empty), and the values.

    Each condition has one `?` for its value; the n-th value is `$n`.
    """
    given = [(text, value) for text, value in conditions if value not in (None, "", [])]
    numbered = [text.replace("?", f"${n}") for n, (text, _) in enumerate(given, 1)]
    return f"where {' and '.join(numbered)}", [value for _, value in given]
