"""How often a caller may call: so many calls of a kind in a window of time that begins with the first of them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from math import ceil

from comanda.types.v1 import options_pb2
from gateway.routes import Route
from kit.errors import Exhausted

Allowed = Enum("Allowed", ["READ", "MODIFY", "COMMIT", "ANONYMOUS"])
"""The kinds of calls that are counted apart."""
REMEMBERED = 100_000
"""Most windows that are kept in memory; when there are more, the oldest are forgotten, in favour of those callers."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many calls in so many seconds."""

    calls: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left to a caller after a call was counted."""

    allowance: Allowance
    used: int
    until: float
    """When the window ends, in seconds since 1970."""

    def check(self) -> None:
        """Raises Exhausted when the call is one too many."""
        if self.used > self.allowance.calls:
            wait = max(1, ceil(self.until - time.time()))
            raise Exhausted(
                "rate_limited",
                retry_after=wait,
                limit=self.allowance.calls,
                seconds=self.allowance.seconds,
                retry_after_seconds=wait,
            )

    def headers(self) -> dict[str, str]:
        """Returns the headers that tell the caller; the reset is in seconds since 1970."""
        return {
            "x-ratelimit-limit": str(self.allowance.calls),
            "x-ratelimit-remaining": str(max(0, self.allowance.calls - self.used)),
            "x-ratelimit-reset": str(ceil(self.until)),
        }


class Limits:
    """Counts the calls that come to this process."""

    def __init__(self, allowances: Mapping[Allowed, Allowance], remembered: int = REMEMBERED) -> None:
        self._allowances = allowances
        self._remembered = remembered
        self._windows: dict[tuple[Allowed, int], list[float]] = {}

    def take(self, allowed: Allowed, caller: str) -> Quota:
        """Counts a call of a caller (his credential, or his address where he showed none)."""
        allowance, now = self._allowances[allowed], time.time()
        key = (allowed, hash(caller))  # not the credential itself, which has no business in memory for an hour
        window = self._windows.get(key)
        if window is None or window[1] <= now:
            window = self._begin(key, now + allowance.seconds)
        window[0] += 1
        return Quota(allowance, int(window[0]), window[1])

    def _begin(self, key: tuple[Allowed, int], until: float) -> list[float]:
        self._windows.pop(key, None)
        window = self._windows[key] = [0, until]
        if len(self._windows) > self._remembered:
            del self._windows[next(iter(self._windows))]
        return window


def of(route: Route) -> Allowed | None:
    """Returns the kind that calls of a route are counted as; None: they are not counted."""
    if route.rest.rate_class == options_pb2.RATE_CLASS_UNLIMITED:
        return None
    if route.public:
        return Allowed.ANONYMOUS
    if route.rest.rate_class == options_pb2.RATE_CLASS_COMMIT:
        return Allowed.COMMIT
    return Allowed.MODIFY if route.key_field else Allowed.READ
