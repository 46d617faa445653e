"""Payments: for what is due of a sale, and against a customer's account."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.db import Tx
from kit.errors import Refused
from kit.ids import uuid7
from sales.domain import credit
from sales.domain import sale as domain
from sales.domain.account import AccountPayment
from sales.domain.customer import Customer
from sales.domain.sale import NewPayment, Sale
from sales.operations import intents
from sales.operations.sales import about, lock
from sales.store import audit, customers
from sales.store import sales as store


async def record(tx: Tx, sale_id: UUID, payment: NewPayment) -> Mapping[str, Any]:
    """Takes a payment for what is due of a sale; raises NotFound, and what domain.paid and intents.pay_sale raise."""
    before, customer = await lock(tx, sale_id)
    after = domain.paid(before, payment)
    await intents.pay_sale(tx, after, [payment])
    store.save(tx, after)
    made = store.add_payment(tx, after, payment)
    if after.is_credit_sale and customer:
        _lower(tx, customer, payment.amount_q, made["id"], f"Sale {after.receipt_number}")
    _tell(tx, before, after, payment, made["id"])
    return made


async def pay_account(tx: Tx, customer_id: UUID, payment: NewPayment) -> AccountPayment:
    """Takes a payment against what a customer owes, for his oldest due sales first.

    Raises NotFound or Refused(`payment_exceeds_balance`).
    """
    customer = await customers.customer(tx, customer_id, lock=True)
    if payment.amount_q > customer.balance_q:
        raise Refused("payment_exceeds_balance", balance_q=customer.balance_q, amount_q=payment.amount_q)
    payment_id = uuid7()
    owed = {sale.id: sale for sale in await store.owed(tx, customer_id)}
    allotted, rest_q = domain.allot(payment, list(owed.values()))
    for after, part_q in allotted:
        part = payment._replace(amount_q=part_q)
        store.save(tx, after)
        made = store.add_payment(tx, after, part, customer_id, payment_id)
        _tell(tx, owed[after.id], after, part, made["id"])
    if rest_q:
        store.add_payment(tx, None, payment._replace(amount_q=rest_q), customer_id, payment_id)
    _lower(tx, customer, payment.amount_q, payment_id, "Payment against the account")
    return AccountPayment(payment_id, allotted, rest_q, customer.balance_q - payment.amount_q)


def _lower(tx: Tx, customer: Customer, amount_q: int, reference: UUID, description: str) -> None:
    changed, entry = credit.enter(customer, credit.PAYMENT, -amount_q, str(reference), description)
    customers.save_account(tx, changed)
    customers.enter(tx, entry)


def _tell(tx: Tx, before: Sale, after: Sale, payment: NewPayment, payment_id: UUID) -> None:
    audit.record(
        tx,
        "payment.created",
        f"Sale {after.receipt_number}: payment",
        {"status": before.status, "amount_due_q": before.amount_due_q},
        {
            "status": after.status,
            "amount_due_q": after.amount_due_q,
            "method": payment.method,
            "amount_q": payment.amount_q,
        },
        payment_id=payment_id,
        **about(after),
    )
