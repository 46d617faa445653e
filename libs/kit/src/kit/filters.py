"""Conditions that depend on what is asked for: only those that are meant reach the planner, so that each can use its index."""

from typing import Any


def matching(*conditions: tuple[str, Any]) -> tuple[str, list[Any]]:
    """Returns `where …` of the conditions whose value is given (neither None nor empty), and the values.

    Each condition has its value's place as `?`, as often as it likes; the n-th value is `$n`.
    """
    given = [(text, value) for text, value in conditions if value not in (None, "", [])]
    numbered = [text.replace("?", f"${n}") for n, (text, _) in enumerate(given, 1)]
    return f"where {' and '.join(numbered)}", [value for _, value in given]


def containing(text: str) -> str:
    """Returns the pattern of texts that contain a text; empty for the empty one."""
    escaped = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%" if text else ""
