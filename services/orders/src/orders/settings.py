"""What the order hub's process must be told beyond what every process is."""

from datetime import timedelta

from pydantic import Field, SecretStr

from kit.settings import Settings as Common


class Settings(Common):
    """Settings of the order hub; each name is an environment variable with the prefix COMANDA_."""

    session_ttl_hours: float = Field(default=24.0, gt=0)
    """How long a session that nobody touches stays open; then it is abandoned, and what it holds given back."""

    smtp_url: SecretStr = SecretStr("")
    """Where mail is handed over, as smtp://user:password@host:587 (smtps: TLS from the start); without it, none is sent."""
    smtp_from: str = "comanda@localhost"
    """Who the mail is from."""
    allow_private_webhooks: bool = False
    """Lets webhooks reach private addresses: for development, or a network whose tenants are trusted."""

    @property
    def session_ttl(self) -> timedelta:
        """The time as a span."""
        return timedelta(hours=self.session_ttl_hours)
