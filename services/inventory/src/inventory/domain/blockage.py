"""Why there is not enough: who holds the units, and when they may be free."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from inventory.domain.quantity import ZERO
from inventory.domain.reservation import Owner
from inventory.domain.stock import Sku

SHOWN = 5
"""How many holders a refusal names."""


class Lack(NamedTuple):
    """Units of a SKU that an owner is short of, at a location or, when that is empty, at any."""

    sku: Sku
    location: str
    owner: Owner
    missing: Decimal


class Holder(NamedTuple):
    """Somebody else who holds units, and until when."""

    owner: Owner
    qty: Decimal
    expires_at: datetime


class Others(NamedTuple):
    """Those whose holds run out first, and when so many have run out that the missing units are free.

    The time is None when that will never be, as far as one can see: then only goods that come in help.
    """

    holders: Sequence[Holder] = ()
    enough_at: datetime | None = None

    @property
    def next_release_at(self) -> datetime | None:
        """When the first of the holds runs out; None when nobody else holds any."""
        return self.holders[0].expires_at if self.holders else None


NOBODY = Others()


def blocking(holds: Iterable[Holder], lack: Lack) -> Others:
    """Returns who blocks an owner, of those who hold units of the SKU, in the order in which their holds run out."""
    shown: list[Holder] = []
    freed, enough_at = ZERO, None
    for hold in holds:
        if hold.owner != lack.owner:
            shown += [hold] if len(shown) < SHOWN else []
            freed += hold.qty
            if enough_at is None and freed >= lack.missing:
                enough_at = hold.expires_at
            if enough_at and len(shown) == SHOWN:
                break
    return Others(shown, enough_at)
