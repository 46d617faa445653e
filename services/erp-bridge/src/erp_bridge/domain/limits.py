"""When a call may go out to Omie: rate, parallel calls, and the breaker that stays clear of the block (omie-api.md 3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=30)
"""How long Omie remembers an error, and how long it blocks."""
ERRORS = 8
"""The tenth error within the window blocks; the breaker opens with two to spare, for calls that are under way."""
IN_FLIGHT, WRITES_IN_FLIGHT = 4, 1
METHOD_PER_MINUTE, METHOD_AT_ONCE = 225, 12
"""Omie takes 240 of one method in any minute. A steady rate and a burst on top of it must stay below that together."""
ALL_PER_MINUTE, ALL_AT_ONCE = 920, 30
"""Omie takes 960 in any minute, of all methods."""
LEASE = timedelta(seconds=10)
"""How long a call that nobody prolongs counts as under way: its process was killed."""
REDUNDANT, MARGIN = timedelta(seconds=60), timedelta(seconds=1)
"""Omie refuses a question that it was asked less than sixty seconds ago; ours may have been on its way for a while."""
PARALLEL_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class Pace:
    """The limits on an ERP whose clock runs faster than ours, as only a simulator's does: `speed` minutes in each of ours."""

    speed: float = 1.0

    @property
    def window(self) -> timedelta:
        """How long an error counts."""
        return WINDOW / self.speed

    @property
    def redundant(self) -> timedelta:
        """How long a question is not asked again."""
        return REDUNDANT / self.speed + MARGIN

    @property
    def method_per_minute(self) -> float:
        """How many calls of one method go out in a minute of ours."""
        return METHOD_PER_MINUTE * self.speed

    @property
    def all_per_minute(self) -> float:
        """How many calls of all methods go out in a minute of ours."""
        return ALL_PER_MINUTE * self.speed


USUAL = Pace()


@dataclass(frozen=True, slots=True)
class Standing:
    """How a method stands: when its next call is due at a steady rate, its errors, and its calls under way."""

    next_at: datetime
    errors: Sequence[datetime] = ()
    blocked_until: datetime | None = None
    in_flight: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A call may go out when `wait` is zero, else it may be asked for again after so many seconds."""

    wait: float = 0.0
    is_open: bool = False
    """Whether the breaker is why."""


def judge(
    method: Standing,
    all_methods: Standing,
    now: datetime,
    pace: Pace = USUAL,
    *,
    writes: bool,
    most_errors: int = ERRORS,
) -> Verdict:
    """Decides whether a call may go out; who asks for what need not exist leaves more errors to spare."""
    if until := open_until(method, now, pace, most_errors):
        return Verdict((until - now).total_seconds(), is_open=True)
    if method.in_flight >= (WRITES_IN_FLIGHT if writes else IN_FLIGHT):
        return Verdict(PARALLEL_PAUSE)
    return Verdict(
        max(
            _rate_wait(method.next_at, now, pace.method_per_minute, METHOD_AT_ONCE),
            _rate_wait(all_methods.next_at, now, pace.all_per_minute, ALL_AT_ONCE),
        )
    )


def open_until(standing: Standing, now: datetime, pace: Pace = USUAL, most_errors: int = ERRORS) -> datetime | None:
    """Returns until when the breaker of a method is open; None when it is closed."""
    recent = sorted(still_counting(standing.errors, now, pace))
    ends = [standing.blocked_until] if standing.blocked_until and standing.blocked_until > now else []
    if len(recent) >= most_errors:
        ends.append(recent[-most_errors] + pace.window)
    return max(ends, default=None)


def after_call(next_at: datetime, now: datetime, per_minute: float) -> datetime:
    """Returns when, at a steady rate, the call after this one is due."""
    return max(next_at, now) + timedelta(minutes=1) / per_minute


def _rate_wait(next_at: datetime, now: datetime, per_minute: float, at_once: int) -> float:
    early = next_at - now - at_once * timedelta(minutes=1) / per_minute
    return max(0.0, early.total_seconds())


def still_counting(errors: Sequence[datetime], now: datetime, pace: Pace = USUAL) -> list[datetime]:
    """Returns the errors that still count."""
    return [at for at in errors if at > now - pace.window]
