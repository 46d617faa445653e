"""Faults on demand: what goes wrong, in which call, and how often."""

import random
from dataclasses import dataclass, field
from typing import Any

KINDS = (
    "timeout_after_commit", "html_502", "soap_broken", "status_nonzero", "busy", "in_process", "rate_limited",
    "closed_period", "expired_link", "slow", "duplicate_webhook", "late_webhook", "not_visible",
)  # fmt: skip
HOLD_SECONDS = 5.0


@dataclass
class Knob:
    """One kind of fault: `times` in a row, or with a probability drawn from a seed."""

    call: str
    kind: str
    times: int | None = None
    probability: float | None = None
    seconds: float = HOLD_SECONDS
    draw: random.Random = field(default_factory=random.Random)

    @classmethod
    def of(cls, given: dict[str, Any]) -> "Knob":
        """Reads what a test sent; raises ValueError with what is wrong."""
        kind, call = given.get("kind"), given.get("call", "*")
        if kind not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}")
        if not isinstance(call, str):
            raise ValueError("call is a method's name, or *")
        times, probability = given.get("times"), given.get("probability")
        return cls(
            call=call,
            kind=kind,
            times=1 if times is None and probability is None else None if times is None else int(times),
            probability=None if probability is None else float(probability),
            seconds=float(given.get("seconds", HOLD_SECONDS)),
            draw=random.Random(given.get("seed")),
        )

    def strikes(self, call: str) -> bool:
        """Tells whether this call gets it, and counts it."""
        if self.call not in ("*", call) or self.times == 0:
            return False
        if self.probability is not None and self.draw.random() >= self.probability:
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Knobs:
    """All knobs that are turned."""

    def __init__(self) -> None:
        self._turned: list[Knob] = []
        self.struck: dict[str, int] = {}

    def turn(self, knob: Knob) -> None:
        """Adds a knob."""
        self._turned.append(knob)

    def clear(self) -> None:
        """Takes all back."""
        self._turned.clear()

    def strike(self, call: str, *kinds: str) -> Knob | None:
        """Returns the first knob of these kinds that strikes this call."""
        for knob in self._turned:
            if knob.kind in kinds and knob.strikes(call):
                self.struck[knob.kind] = self.struck.get(knob.kind, 0) + 1
                return knob
        return None
