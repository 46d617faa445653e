"""What a process must be told, from the environment or from files in /run/secrets."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kit.tls import Tls

SECRETS = Path("/run/secrets")


class Settings(BaseSettings):
    """Settings of every process; each name is an environment variable with the prefix COMANDA_."""

    model_config = SettingsConfigDict(
        env_prefix="COMANDA_",
        secrets_dir=SECRETS if SECRETS.is_dir() else None,
        # An error about one setting would else show all the others, passwords too.
        hide_input_in_errors=True,
    )

    database_url: SecretStr = SecretStr("")
    """The process's own database, as postgresql://login:password@host:port/database; hosts of a primary and its standbys with
    commas between them, and ?target_session_attrs=read-write."""
    nats_url: SecretStr = SecretStr("nats://127.0.0.1:4222")
    """Of one server, or of several of a cluster, with commas between them."""
    stream_replicas: int = Field(default=1, ge=1, le=5)
    """How many servers of a cluster keep each message; three, where it has three."""
    listen: str = "127.0.0.1:0"
    """Host and port of gRPC (of the gateway: HTTP)."""
    health_listen: str = ""
    """Host and port where a service answers gRPC health, and nothing else, without TLS: for probes, which have no certificate."""
    metrics_listen: str = ""
    """Host and port of the Prometheus page; none when empty."""
    stream_prefix: str = "comanda"
    """First part of every stream name and subject, so that several installations can share a NATS."""
    orders_address: str = ""
    inventory_address: str = ""
    sales_address: str = ""
    erp_address: str = ""
    identity_public_key: str = ""
    """Raw Ed25519 public key in base64url: checks identity tokens."""
    tls_certificate: Path | None = None
    """PEM file with the certificate (and its chain) that the process shows to others; with it, all gRPC is mutual TLS."""
    tls_key: Path | None = None
    tls_authority: Path | None = None
    """PEM file with the authorities whose certificates it accepts, from callers and from those it calls."""
    log_level: str = "info"
    pool_size: int = 16
    """Most database connections of the process."""
    batch_size: int = 200
    """Most messages that a consumer handles in one transaction."""
    ack_wait_seconds: float = Field(default=3.0, ge=0.3)
    """How soon another process gets the messages of one that was killed; one that lives keeps them as long as it needs."""
    poll_seconds: float = 1.0
    """How often relay and sweepers look for work that nobody woke them for."""
    outbox_hold_seconds: float = Field(default=0.0, ge=0)
    """How long a published message stays in the outbox: several times the sync_interval of a NATS that has only one copy."""

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        files = (self.tls_certificate, self.tls_key, self.tls_authority)
        if any(files) and not all(files):
            raise ValueError("set all of COMANDA_TLS_CERTIFICATE, COMANDA_TLS_KEY and COMANDA_TLS_AUTHORITY, or none")
        return self

    @property
    def tls(self) -> Tls | None:
        """What the process shows and believes; None where it talks in the clear."""
        if self.tls_certificate and self.tls_key and self.tls_authority:
            return Tls(self.tls_certificate, self.tls_key, self.tls_authority)
        return None
