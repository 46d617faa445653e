"""What Omie checks before it looks at a parameter: block, credentials, rates, parallel calls, redundancy (omie-api.md 3 and 8)."""

import hashlib
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

import orjson

from omie_simulator import faults
from omie_simulator.clock import Clock

BLOCK_SECONDS = 1800.0
ERRORS = 10
MINUTE = 60.0
METHOD_LIMIT = 240
ADDRESS_LIMIT = 960
PARALLEL = 4

Place = tuple[str, str, str]
"""Address, key, and method."""


@dataclass
class Standing:
    """What is held against one place."""

    errors: deque[float] = field(default_factory=deque)
    calls: deque[float] = field(default_factory=deque)
    blocked_until: float = 0.0
    in_flight: int = 0


class Guard:
    """Remembers who called what and how it went; forgets with the process, which no real Omie would."""

    def __init__(self, clock: Clock, app_key: str, app_secret: str) -> None:
        self._clock = clock
        self._app_key, self._app_secret = app_key, app_secret
        self._standing: dict[Place, Standing] = defaultdict(Standing)
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._asked: dict[tuple[Place, str, bytes], float] = {}
        self.blocks = 0

    def of(self, place: Place) -> Standing:
        """Returns how a place stands."""
        return self._standing[place]

    def admit(self, place: Place, app_key: str, app_secret: str) -> None:
        """Lets a call in, in the order in which Omie checks; raises Fault."""
        standing, now = self._standing[place], self._clock.seconds()
        if standing.blocked_until > now:
            # Erring on while blocked renews the block.
            standing.blocked_until = now + BLOCK_SECONDS
            raise faults.blocked(BLOCK_SECONDS)
        if (app_key, app_secret) != (self._app_key, self._app_secret):
            raise faults.credentials()
        if _full(standing.calls, now, METHOD_LIMIT) or _full(self._calls[place[0]], now, ADDRESS_LIMIT):
            raise faults.TooMany
        if standing.in_flight > PARALLEL:
            raise faults.busy()

    def ask(self, place: Place, service: str, param: Any) -> None:
        """Notes the question; raises Fault when it was asked less than a minute ago."""
        now = self._clock.seconds()
        self._asked = {key: at for key, at in self._asked.items() if now - at < MINUTE}
        key = (place, service, hashlib.sha256(orjson.dumps(param, option=orjson.OPT_SORT_KEYS)).digest())
        if key in self._asked:
            raise faults.redundant(MINUTE - (now - self._asked[key]))
        self._asked[key] = now

    def note_error(self, place: Place) -> None:
        """Counts an answer that was an error; the tenth within half an hour blocks."""
        standing, now = self._standing[place], self._clock.seconds()
        if standing.blocked_until > now:
            return
        standing.errors.append(now)
        while standing.errors[0] < now - BLOCK_SECONDS:
            standing.errors.popleft()
        if len(standing.errors) >= ERRORS:
            standing.errors.clear()
            standing.blocked_until = now + BLOCK_SECONDS
            self.blocks += 1

    def clear(self) -> None:
        """Forgets everything but who is inside just now."""
        for standing in self._standing.values():
            standing.errors.clear()
            standing.calls.clear()
            standing.blocked_until = 0.0
        self._calls.clear()
        self._asked.clear()
        self.blocks = 0


def _full(calls: deque[float], now: float, limit: int) -> bool:
    """Counts a call in a sliding minute; tells whether it is one too many."""
    while calls and calls[0] <= now - MINUTE:
        calls.popleft()
    calls.append(now)
    return len(calls) > limit
