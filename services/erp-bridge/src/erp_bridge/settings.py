"""What the bridge's process must be told beyond what every process is."""

import hashlib

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from erp_bridge.domain.limits import Pace
from kit.settings import SECRETS


class Further(BaseModel):
    """An account beside the first; what it leaves out is as for that one."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    app_key: SecretStr = Field(min_length=1)
    app_secret: SecretStr = Field(min_length=1)
    webhook_secret: SecretStr = SecretStr("")
    api_base_url: str = ""
    po_close_call: str = ""
    po_close_endpoint: str = ""
    po_close_status: str = ""
    po_consult_call: str = ""


class OmieSettings(BaseSettings):
    """The accounts in Omie, and how to treat it; each name is an environment variable with the prefix OMIE_."""

    model_config = SettingsConfigDict(
        env_prefix="OMIE_", secrets_dir=SECRETS if SECRETS.is_dir() else None, hide_input_in_errors=True
    )

    app_key: SecretStr = SecretStr("")
    app_secret: SecretStr = SecretStr("")
    webhook_secret: SecretStr = SecretStr("")
    """Last part of the path that Omie's webhooks come to."""
    accounts: dict[str, Further] = {}
    """Accounts of other businesses by names of the operator's choice, as a JSON object; the one above has no name."""
    api_base_url: str = "https://app.omie.com.br/api/v1/"
    timeout_seconds: float = 30.0
    """How long an answer may take; one to a file four times as long."""
    max_retries: int = 3
    """How often a call that certainly did nothing is tried again."""
    retry_backoff_seconds: float = 1.0
    """First pause before that; each is twice the one before."""
    retry_jitter_ms: int = 250
    patience_seconds: float = 8.0
    """How long a call may wait in all before the caller is told to come back."""
    clock_speed: float = Field(default=1.0, ge=1.0)
    """How many minutes pass at the ERP in one of ours: its limits are those of its own clock. Only a simulator's hurries."""
    largest_file_mb: int = 25
    refused_file_types: str = "exe bat cmd com js msi ps1 scr sh vbs"
    """Endings of file names that never go into the ERP, separated by spaces."""
    po_close_call: str = ""
    """A call that closes purchase orders, where the account has one."""
    po_close_endpoint: str = "produtos/pedidocompra/"
    po_close_status: str = "Encerrado"
    po_consult_call: str = "ConsultarPedidoCompra"
    """What tells the status of a purchase order in such an account."""
    po_watch_seconds: float = 15.0
    """How often is looked whether a person has closed what waits for one."""

    order_look_seconds: float = 300.0
    """How long after its booking an order without an invoice is first looked at."""

    def named(self, name: str) -> "OmieSettings":
        """Returns the settings of one account; raises KeyError."""
        if not name:
            return self
        return self.model_copy(update={**self.accounts[name].model_dump(exclude_unset=True), "accounts": {}})

    def each(self) -> "list[OmieSettings]":
        """Returns the settings of every account; none when nothing is configured."""
        has_first = self.app_key.get_secret_value() and self.app_secret.get_secret_value()
        return [self.named(name) for name in ([""] if has_first else []) + sorted(self.accounts)]

    @property
    def pace(self) -> Pace:
        """The limits as the clock of the ERP has them."""
        return Pace(self.clock_speed)

    @property
    def account(self) -> str:
        """A name for the account that gives its key away to nobody."""
        return hashlib.sha256(self.app_key.get_secret_value().encode()).hexdigest()[:16]
