"""What a refund gives back of each payment of its sale, and how that stands."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sales.domain import amounts
from sales.domain.intent import DECLINED


class Paid(NamedTuple):
    """A payment of a sale: the intent through which it came, if one, and what of it is not given back, in minor units."""

    id: UUID
    intent_id: UUID | None
    left_q: int


class Repayment(NamedTuple):
    """What a refund gives back of a payment, in minor units, and how its provider stands to that."""

    refund_id: UUID
    payment_id: UUID
    amount_q: int
    operation_id: UUID | None
    """None: there is nobody to be asked, such as for cash."""
    method: str
    intent_id: UUID | None
    state: str
    transaction_id: str
    error_code: str
    error: str
    settled_reason: str
    """How and why it was given back in another way than through its provider; empty where it was not."""

    @property
    def is_declined(self) -> bool:
        """Whether the provider has to be asked again."""
        return self.state == DECLINED


def divided(amount_q: int, refundable_q: int, paid: Sequence[Paid]) -> dict[UUID, int]:
    """Divides what is paid back over a sale's payments, by what is left of each; the last refund takes all that is.

    Of the sale, refundable_q is left; less than of its payments where a refund before was not divided.
    """
    left = {each.id: each.left_q for each in paid}
    undivided = amounts.divided(sum(left.values()) - refundable_q, left)
    parts = amounts.divided(amount_q, {key: left_q - undivided[key] for key, left_q in left.items()})
    return {key: part_q for key, part_q in parts.items() if part_q}
