"""What the order hub's process must be told beyond what every process is."""

from datetime import timedelta

from pydantic import Field

from kit.settings import Settings as Common


class Settings(Common):
    """Settings of the order hub; each name is an environment variable with the prefix COMANDA_."""

    session_ttl_hours: float = Field(default=24.0, gt=0)
    """How long a session that nobody touches stays open; then it is abandoned, and what it holds given back."""

    @property
    def session_ttl(self) -> timedelta:
        """The time as a span."""
        return timedelta(hours=self.session_ttl_hours)
