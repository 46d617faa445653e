"""The simulator's time: the machine's, moved forward by what tests have added to it, and faster where they want that."""

import time
from datetime import datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Sao_Paulo")


class Clock:
    """Tells seconds since 1970 and the local time of Omie's servers."""

    def __init__(self, advanced: float = 0.0, speed: float = 1.0, since: float | None = None) -> None:
        self._advanced = advanced
        self.speed = speed
        self._since = time.time() if since is None else since
        """When it took up this speed, by the machine's clock."""

    @property
    def setting(self) -> dict[str, float]:
        """What makes another clock show the same time, now and later."""
        return {"advanced": self._advanced, "speed": self.speed, "since": self._since}

    def advance(self, seconds: float) -> None:
        """Moves time forward; it never goes back."""
        self._advanced += max(0.0, seconds)

    def run(self, speed: float) -> None:
        """Lets time pass so many times as fast as the machine's."""
        now = time.time()
        self._advanced, self.speed, self._since = self.seconds() - now, speed, now

    def seconds(self) -> float:
        """Returns seconds since 1970."""
        now = time.time()
        return now + self._advanced + (now - self._since) * (self.speed - 1.0)

    def now(self) -> datetime:
        """Returns the time in São Paulo, which is what Omie writes without saying so."""
        return datetime.fromtimestamp(self.seconds(), ZONE)

    def date(self) -> str:
        """Returns today as Omie writes it."""
        return self.now().strftime("%d/%m/%Y")

    def time(self) -> str:
        """Returns the time of day as Omie writes it."""
        return self.now().strftime("%H:%M:%S")
