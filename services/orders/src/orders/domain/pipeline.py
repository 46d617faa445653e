"""What a channel does to sessions beyond the operations: modifiers change them, validators refuse them (spec 1A.4, 1A.5).

Both are registered by name; a channel's `rules.modifiers` and `rules.validators` say which of them run (absent: all), and
the rest of `rules` says what they shall see to. None of them does any I/O, and validators change nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kit.errors import Invalid
from orders.domain.ops import quantity, traced
from orders.domain.session import Line, Session

DRAFT, COMMIT = "draft", "commit"
STAGES = (DRAFT, COMMIT)

Rules = Mapping[str, Any]
Change = Callable[[Session, Rules], Session]
Check = Callable[[Session, Rules], None]


@dataclass(frozen=True, slots=True)
class Modifier:
    """Changes a session after its operations; those with the smaller place come first."""

    code: str
    place: int
    change: Change


@dataclass(frozen=True, slots=True)
class Validator:
    """Raises what is wrong with a session: at every change (draft), or only when it is to become an order (commit)."""

    code: str
    stage: str
    check: Check


class Registry:
    """The modifiers and validators that there are."""

    def __init__(self) -> None:
        self.modifiers: dict[str, Modifier] = {}
        self.validators: dict[str, Validator] = {}

    def modifier(self, code: str, place: int) -> Callable[[Change], Change]:
        """Registers a function as a modifier; raises ValueError for a code that is taken, TypeError for what is none."""

        def register(change: Change) -> Change:
            _check(change, code in self.modifiers or code in self.validators, code)
            self.modifiers[code] = Modifier(code, place, change)
            return change

        return register

    def validator(self, code: str, stage: str) -> Callable[[Check], Check]:
        """Registers a function as a validator of a stage; raises ValueError or TypeError likewise."""

        def register(check: Check) -> Check:
            _check(check, code in self.modifiers or code in self.validators or stage not in STAGES, code)
            self.validators[code] = Validator(code, stage, check)
            return check

        return register

    def modified(self, session: Session, rules: Rules) -> Session:
        """Returns the session after the modifiers that its channel runs, in their order."""
        wanted = rules.get("modifiers")
        for each in sorted(self.modifiers.values(), key=lambda modifier: modifier.place):
            if wanted is None or each.code in wanted:
                session = each.change(session, rules)
        return session

    def validate(self, stage: str, session: Session, rules: Rules) -> None:
        """Raises what the first validator of the stage finds wrong, of those that the channel runs."""
        wanted = rules.get("validators")
        for each in self.validators.values():
            if each.stage == stage and (wanted is None or each.code in wanted):
                each.check(session, rules)


def _check(function: object, refused: bool, code: str) -> None:
    if not callable(function):
        raise TypeError(f"{code} needs a function")
    if refused:
        raise ValueError(f"{code} is registered already, or its stage is none of {', '.join(STAGES)}")


STANDARD = Registry()


@STANDARD.modifier("merge_equal_lines", 20)
def merge_equal_lines(session: Session, rules: Rules) -> Session:
    """Makes one line, the first, of lines that differ in nothing but their quantity, where the rules ask for it."""
    if not rules.get("merge_equal_lines"):
        return session
    found: list[Line] = []
    for line in session.lines:
        place = next((index for index, kept in enumerate(found) if _alike(kept, line)), None)
        if place is None:
            found.append(line)
        else:
            found[place] = replace(found[place], qty=quantity(str(found[place].qty + line.qty)))
    return traced(replace(session, lines=tuple(found)))


def _alike(one: Line, other: Line) -> bool:
    return replace(one, line_id=other.line_id, qty=other.qty) == other


@STANDARD.validator("most_lines", DRAFT)
def most_lines(session: Session, rules: Rules) -> None:
    """Raises Invalid(`too_many_lines`) above the rules' `most_lines`."""
    most = rules.get("most_lines")
    if most is not None and len(session.lines) > most:
        raise Invalid("too_many_lines", lines=len(session.lines), most=most)


@STANDARD.validator("required_data", COMMIT)
def required_data(session: Session, rules: Rules) -> None:
    """Raises Invalid(`missing_data`) for the first path of `required_data` under which the session has nothing."""
    for path in rules.get("required_data") or ():
        found: Any = session.data
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        if found in (None, [], {}) or (isinstance(found, str) and not found.strip()):
            raise Invalid("missing_data", path=path)


@STANDARD.validator("minimum_order", COMMIT)
def minimum_order(session: Session, rules: Rules) -> None:
    """Raises Invalid(`minimum_order`) for lines worth less than the rules' `minimum_order_q` minor units."""
    minimum = rules.get("minimum_order_q") or 0
    if session.subtotal_q < minimum:
        raise Invalid("minimum_order", minimum_q=minimum, subtotal_q=session.subtotal_q, currency=session.currency)
