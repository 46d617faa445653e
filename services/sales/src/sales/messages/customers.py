"""Customers and the entries of their accounts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from comanda.sales.v1 import customers_pb2 as pb
from comanda.sales.v1.sales_pb2 import PaymentMethod
from sales.domain.account import AccountPayment
from sales.domain.customer import RETAIL, TERMS_DAYS, Customer
from sales.domain.sale import NewPayment
from sales.messages.values import enum, given, short, time

TEXTS = ("name", "email", "phone", "address", "contact_person")
KEPT: "dict[str, type[pb.CreateCustomerResponse | pb.UpdateCustomerResponse]]" = {
    "CreateCustomer": pb.CreateCustomerResponse,
    "UpdateCustomer": pb.UpdateCustomerResponse,
}
"""The operations whose kept answers say who a customer is, and what those answers are."""


def customer(found: Customer) -> pb.Customer:
    """Returns the customer."""
    return pb.Customer(
        id=str(found.id),
        **{name: getattr(found, name) for name in TEXTS},
        customer_type=enum(pb.CustomerType, found.customer_type),
        credit_limit_q=found.credit_limit_q,
        outstanding_balance_q=found.balance_q,
        available_credit_q=found.available_credit_q,
        credit_terms_days=found.credit_terms_days,
        credit_blocked=found.credit_blocked,
        is_active=found.is_active,
        created_at=time(found.created_at),
        updated_at=time(found.updated_at),
    )


def forgotten(operation: str, answer: bytes) -> bytes:
    """Returns a kept answer of one of those operations without what says who the customer is."""
    found = KEPT[operation].FromString(answer)
    for name in TEXTS:
        found.customer.ClearField(name)  # type: ignore[arg-type]  # the names are its fields
    return found.SerializeToString()


def new_customer(request: pb.CreateCustomerRequest, customer_id: UUID, actor: str, now: datetime) -> Customer:
    """Returns the customer that is asked for."""
    return Customer(
        id=customer_id,
        **{name: getattr(request, name) for name in TEXTS},
        customer_type=short(pb.CustomerType, request.customer_type) or RETAIL,
        credit_limit_q=request.credit_limit_q,
        balance_q=0,
        held_q=0,
        credit_terms_days=request.credit_terms_days if request.HasField("credit_terms_days") else TERMS_DAYS,
        credit_blocked=request.credit_blocked,
        is_active=request.is_active if request.HasField("is_active") else True,
        created_by=actor,
        created_at=now,
        updated_at=now,
    )


def decided(request: pb.CreateCustomerRequest) -> frozenset[str]:
    """Returns the names of the fields that the request sets."""
    return frozenset(field.name for field, _ in request.ListFields())


def customer_changes(request: pb.UpdateCustomerRequest) -> dict[str, Any]:
    """Returns the fields that are given."""
    changes = given(request, *TEXTS, "credit_limit_q", "credit_terms_days", "credit_blocked", "is_active")
    if request.customer_type:
        changes["customer_type"] = short(pb.CustomerType, request.customer_type)
    return changes


def credit_entry(found: Any) -> pb.CreditEntry:
    """Returns an entry from a mapping with its columns."""
    return pb.CreditEntry(
        id=str(found["id"]),
        customer_id=str(found["customer_id"]),
        type=enum(pb.CreditEntryType, found["type"]),
        amount_q=found["amount_q"],
        balance_before_q=found["balance_before_q"],
        balance_after_q=found["balance_after_q"],
        reference_id=found["reference_id"],
        description=found["description"],
        created_by=found["created_by"],
        created_at=time(found["created_at"]),
    )


def account_payment(
    customer_id: str, payment: NewPayment, made: AccountPayment, actor: str, now: datetime
) -> pb.AccountPayment:
    """Returns a payment against an account."""
    parts = [
        pb.Allotment(sale_id=str(sale.id), receipt_number=sale.receipt_number, amount_q=part_q)
        for sale, part_q in made.allotted
    ]
    return pb.AccountPayment(
        id=str(made.id),
        customer_id=customer_id,
        method=enum(PaymentMethod, payment.method),
        amount_q=payment.amount_q,
        reference=payment.reference,
        allotments=[*parts, *([pb.Allotment(amount_q=made.rest_q)] if made.rest_q else [])],
        outstanding_balance_q=made.balance_q,
        user=actor,
        created_at=time(now),
    )
