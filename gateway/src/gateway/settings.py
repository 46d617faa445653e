"""What the gateway must be told beyond what every process is."""

from pydantic import PositiveInt

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

    def allowances(self) -> dict[Allowed, Allowance]:
        """Returns how many calls of each kind are allowed."""
        return {
            Allowed.READ: Allowance(self.rate_reads_per_hour, HOUR),
            Allowed.MODIFY: Allowance(self.rate_modifications_per_minute, MINUTE),
            Allowed.COMMIT: Allowance(self.rate_commits_per_minute, MINUTE),
            Allowed.ANONYMOUS: Allowance(self.rate_anonymous_per_hour, HOUR),
        }
