"""Orders on account: credit is held when one is made, posted when it is completed, and given back when it is cancelled."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from kit.errors import Refused
from sales.domain import credit
from sales.domain import customer as customers
from sales.domain.credit import Entry
from sales.domain.customer import Customer

HELD, POSTED, RELEASED = "held", "posted", "released"


@dataclass(frozen=True, slots=True)
class OrderCredit:
    """What of a customer's credit an order has. The amount is in minor units."""

    order_ref: str
    customer_id: UUID | None
    state: str
    amount_q: int
    created_at: datetime
    posted_at: datetime | None


def hold(
    customer: Customer, order_ref: str, amount_q: int, overdue_q: int, currency: str, now: datetime
) -> tuple[OrderCredit, Customer]:
    """Keeps credit for an order, where the customer may buy for so much; raises what customer.objection answers."""
    if refusal := customers.objection(customer, amount_q, overdue_q, currency, force=False):
        raise refusal
    return OrderCredit(order_ref, customer.id, HELD, amount_q, now, None), credit.hold(customer, amount_q)


def post(found: OrderCredit, customer: Customer, now: datetime) -> tuple[OrderCredit, Customer, Entry]:
    """Turns what is held into what is owed."""
    charged, entry = credit.enter(
        credit.release(customer, found.amount_q), credit.CREDIT_SALE, found.amount_q, found.order_ref,
        f"Order {found.order_ref}",
    )  # fmt: skip
    return replace(found, state=POSTED, posted_at=now), charged, entry


def release(found: OrderCredit, customer: Customer) -> tuple[OrderCredit, Customer, Entry | None]:
    """Gives back what is held, or takes off the account what was posted."""
    released = replace(found, state=RELEASED)
    if found.state == HELD:
        return released, credit.release(customer, found.amount_q), None
    lowered, entry = credit.enter(
        customer, credit.REFUND, -found.amount_q, found.order_ref, f"Order {found.order_ref} cancelled"
    )
    return released, lowered, entry


def none(order_ref: str, now: datetime) -> OrderCredit:
    """Returns what stands for an order that was given up before any credit was kept for it: none ever will be."""
    return OrderCredit(order_ref, None, RELEASED, 0, now, None)


def check_open(found: OrderCredit) -> None:
    """Raises Refused(`credit_released`) when the order has given its credit back."""
    if found.state == RELEASED:
        raise Refused("credit_released", order_ref=found.order_ref)
