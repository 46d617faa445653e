"""Errors that a caller can act on: a kind, a stable code, and typed context. Their words stand in a catalogue (kit.texts)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that breaks a rule: its path, the rule's name, and what is wrong in words."""

    field: str
    rule: str
    message: str


class DomainError(Exception):
    """A planned refusal. `code` never changes once published; `context` holds JSON values, numbers as numbers."""

    def __init__(
        self,
        code: str,
        /,
        *,
        message: str = "",
        violations: Sequence[Violation] = (),
        retry_after: float | None = None,
        **context: Any,
    ) -> None:
        super().__init__(code, message or context)
        self.code = code
        self.message = message
        self.violations = tuple(violations)
        self.retry_after = retry_after
        self.context = context


class Invalid(DomainError):
    """The request itself is wrong and always will be."""


class NotFound(DomainError):
    """There is no such thing, or not for this caller."""


class Duplicate(DomainError):
    """There is such a thing already."""


class Refused(DomainError):
    """The request is well-formed, but the state of things does not allow it."""


class Conflict(DomainError):
    """Somebody else was faster; the same request may succeed on fresh state."""


class Unauthenticated(DomainError):
    """The caller did not show who he is."""


class Forbidden(DomainError):
    """The caller is known and may not do this."""


class Exhausted(DomainError):
    """The caller asks too much for now; `retry_after` says in how many seconds to come back."""


class Unavailable(DomainError):
    """A part that is needed cannot be reached at the moment."""
