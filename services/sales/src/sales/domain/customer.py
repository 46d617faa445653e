"""Customers and whether they may buy on credit (spec 1C.1)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kit.errors import Refused
from sales.domain.money import printed

RETAIL, WHOLESALE = "retail", "wholesale"
TERMS_DAYS = 30


@dataclass(frozen=True, slots=True)
class Customer:
    """Who buys. Amounts are minor units: the balance is what is owed, held is what sales under way are about to add."""

    id: UUID
    name: str
    email: str
    phone: str
    address: str
    customer_type: str
    credit_limit_q: int
    balance_q: int
    held_q: int
    credit_terms_days: int
    credit_blocked: bool
    contact_person: str
    is_active: bool
    created_by: str
    created_at: datetime
    updated_at: datetime

    @property
    def available_credit_q(self) -> int:
        """What may still be bought on credit; never below zero."""
        return max(0, self.credit_limit_q - self.balance_q - self.held_q)


def objection(customer: Customer, amount_q: int, overdue_q: int, currency: str, *, force: bool) -> Refused | None:
    """Returns why the customer may not buy for an amount on credit, in the order of spec 1C.1, or None when he may.

    Force is a manager's override; it passes over everything but inactivity (decision 45).
    """
    if customer.credit_blocked and not force:
        return Refused("credit_blocked")
    if not customer.is_active:
        return Refused("customer_inactive")
    if customer.available_credit_q < amount_q and not force:
        available_q = customer.available_credit_q
        return Refused(
            "credit_limit_exceeded",
            available_q=available_q,
            requested_q=amount_q,
            available=printed(available_q, currency),
        )
    if overdue_q > 0 and not force:
        return Refused("customer_overdue", overdue_q=overdue_q, overdue=printed(overdue_q, currency))
    return None
