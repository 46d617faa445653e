"""What the inventory's process must be told beyond what every process is."""

from datetime import timedelta

from kit.settings import Settings as Common


class Settings(Common):
    """Settings of the inventory; each name is an environment variable with the prefix COMANDA_."""

    commit_margin_seconds: int = 600
    """How much longer than it is told a session keeps its stock: a commit in the last second may reach us late."""

    @property
    def commit_margin(self) -> timedelta:
        """The margin as a span of time."""
        return timedelta(seconds=self.commit_margin_seconds)
