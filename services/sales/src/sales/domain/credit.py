"""A customer's credit account: what sales under way hold of it, and the entries whose sum is the balance."""

from dataclasses import dataclass, replace
from uuid import UUID

from sales.domain.customer import Customer

CREDIT_SALE, PAYMENT, ADJUSTMENT, REFUND = "credit_sale", "payment", "adjustment", "refund"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. The amount (minor units) is what the balance grew by; negative when it shrank."""

    customer_id: UUID
    type: str
    amount_q: int
    balance_before_q: int
    balance_after_q: int
    reference_id: str
    description: str


def hold(customer: Customer, amount_q: int) -> Customer:
    """Returns the customer with an amount held for a sale under way; whether he may is asked before."""
    return replace(customer, held_q=customer.held_q + amount_q)


def release(customer: Customer, amount_q: int) -> Customer:
    """Returns the customer with a held amount given back."""
    return replace(customer, held_q=customer.held_q - amount_q)


def enter(
    customer: Customer, kind: str, amount_q: int, reference_id: str = "", description: str = ""
) -> tuple[Customer, Entry]:
    """Returns the customer with another balance, and the entry that says why. The balance never falls below zero (spec 1C.1)."""
    after = max(0, customer.balance_q + amount_q)
    before = customer.balance_q
    entry = Entry(customer.id, kind, after - before, before, after, reference_id, description)
    return replace(customer, balance_q=after), entry
