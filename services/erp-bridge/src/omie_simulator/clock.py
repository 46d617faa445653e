"""The simulator's time: the machine's, moved forward by what tests have added to it."""

import time
from datetime import datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Sao_Paulo")


class Clock:
    """Tells seconds since 1970 and the local time of Omie's servers."""

    def __init__(self, advanced: float = 0.0) -> None:
        self.advanced = advanced

    def advance(self, seconds: float) -> None:
        """Moves time forward; it never goes back."""
        self.advanced += max(0.0, seconds)

    def seconds(self) -> float:
        """Returns seconds since 1970."""
        return time.time() + self.advanced

    def now(self) -> datetime:
        """Returns the time in São Paulo, which is what Omie writes without saying so."""
        return datetime.fromtimestamp(self.seconds(), ZONE)

    def date(self) -> str:
        """Returns today as Omie writes it."""
        return self.now().strftime("%d/%m/%Y")

    def time(self) -> str:
        """Returns the time of day as Omie writes it."""
        return self.now().strftime("%H:%M:%S")
