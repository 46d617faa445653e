"""Payments against a customer's account."""

from typing import NamedTuple
from uuid import UUID

from sales.domain.sale import Sale


class AccountPayment(NamedTuple):
    """A payment against an account, and where it went: to which sale how much (minor units), the rest to none."""

    id: UUID
    allotted: list[tuple[Sale, int]]
    rest_q: int
    balance_q: int
