"""What the gateway must be told beyond what every process is."""

from pathlib import Path
from typing import Self

from pydantic import PositiveFloat, PositiveInt, model_validator

import kit.settings
from gateway.limits import Allowance, Allowed

HOUR, MINUTE = 3600, 60


class Settings(kit.settings.Settings):
    """Settings of the gateway; rates are those of one key (of one address, for calls without a good key) at one process."""

    share_port: bool = False
    """Whether other gateways may listen on the same address: the kernel deals connections out among them."""
    rate_reads_per_hour: PositiveInt = 1000
    rate_modifications_per_minute: PositiveInt = 300
    rate_commits_per_minute: PositiveInt = 60
    rate_anonymous_per_hour: PositiveInt = 100
    https_certificate: Path | None = None
    """PEM file with the certificate (and its chain) that the public is shown; without it, the gateway serves plain HTTP."""
    https_key: Path | None = None
    https_renew_seconds: PositiveFloat = 60.0
    """How often the two files are read again."""

    @model_validator(mode="after")
    def _https_is_whole(self) -> Self:
        if bool(self.https_certificate) != bool(self.https_key):
            raise ValueError("set both COMANDA_HTTPS_CERTIFICATE and COMANDA_HTTPS_KEY, or none")
        return self

    def allowances(self) -> dict[Allowed, Allowance]:
        """Returns how many calls of each kind are allowed."""
        return {
            Allowed.READ: Allowance(self.rate_reads_per_hour, HOUR),
            Allowed.MODIFY: Allowance(self.rate_modifications_per_minute, MINUTE),
            Allowed.COMMIT: Allowance(self.rate_commits_per_minute, MINUTE),
            Allowed.ANONYMOUS: Allowance(self.rate_anonymous_per_hour, HOUR),
        }
