"""Customers: created, described, and their accounts corrected."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from comanda.sales.events.v1.sales_pb2 import CustomerErased
from comanda.types.v1.options_pb2 import Role
from kit import outbox
from kit.db import Tx
from kit.errors import Duplicate, Forbidden, Refused
from sales.domain import credit
from sales.domain.credit import Entry
from sales.domain.customer import Customer
from sales.messages import customers as messages
from sales.store import audit
from sales.store import customers as store

PERSONAL = frozenset({"name", "email", "phone", "address", "contact_person"})
"""What must be forgotten on request; the audit log says that it changed, and not to what."""
CREDIT = frozenset({"credit_limit_q", "credit_terms_days", "credit_blocked"})
BELOW_MANAGER = frozenset({Role.ROLE_STAFF})


async def create(tx: Tx, new: Customer, given: frozenset[str]) -> tuple[Customer, bool]:
    """Creates a customer, given with the names of the fields that the caller set, and tells whether he is new.

    The one who has the telephone number already is returned as he is. Staff who grant credit: Forbidden(`credit_not_allowed`).
    """
    if tx.identity and tx.identity.role in BELOW_MANAGER and given & CREDIT:
        raise Forbidden("credit_not_allowed", fields=sorted(given & CREDIT))
    if existing := await store.add(tx, new):
        return existing, False
    after = {name: getattr(new, name) for name in (*sorted(CREDIT), "customer_type", "is_active")}
    audit.record(tx, "customer.created", "Customer created", after=after, customer_id=new.id)
    return new, True


async def update(tx: Tx, customer_id: UUID, changes: dict[str, Any]) -> Customer:
    """Changes the given fields. Raises NotFound or Duplicate(`duplicate_phone`)."""
    found = await store.customer(tx, customer_id, lock=True)
    changed = replace(found, **changes, updated_at=tx.now)
    tx.conflicts["customers_phone"] = Duplicate("duplicate_phone", phone=changed.phone)
    store.describe(tx, changed)
    before, after = _told(found, changes), _told(changed, changes)
    audit.record(tx, "customer.updated", "Customer updated", before, after, customer_id=customer_id)
    return changed


async def erase(tx: Tx, customer_id: UUID) -> Customer:
    """Forgets who a customer is, also in what callers were answered; harmless when that is done.

    Raises NotFound or Refused(`customer_owes`).
    """
    found = await store.customer(tx, customer_id, lock=True)
    empty: dict[str, Any] = dict.fromkeys(PERSONAL, "")
    erased = replace(found, **empty, is_active=False, updated_at=tx.now)
    if found.balance_q or found.held_q:
        raise Refused("customer_owes", balance_q=found.balance_q)
    store.describe(tx, erased)
    if kept := await store.answers_about(tx, customer_id, messages.KEPT):
        store.rewrite(tx, [(scope, key, messages.forgotten(scope, answer)) for scope, key, answer in kept])
    after = {"erased": True, "is_active": False, "personal_fields": sorted(PERSONAL)}
    audit.record(
        tx, "customer.updated", "Customer erased", {"is_active": found.is_active}, after, customer_id=customer_id
    )
    outbox.add(tx, f"customer/{customer_id}", CustomerErased(customer_id=str(customer_id)))
    return erased


def _told(customer: Customer, changes: dict[str, Any]) -> dict[str, Any]:
    told = {name: getattr(customer, name) for name in changes if name not in PERSONAL}
    return {**told, "personal_fields": sorted(PERSONAL & changes.keys())}


async def adjust(tx: Tx, customer_id: UUID, amount_q: int, reason: str) -> tuple[UUID, Entry]:
    """Raises or lowers what a customer owes; returns the entry and its id. Raises NotFound."""
    found = await store.customer(tx, customer_id, lock=True)
    changed, entry = credit.enter(found, credit.ADJUSTMENT, amount_q, description=reason)
    store.save_account(tx, changed)
    before, after = {"balance_q": found.balance_q}, {"balance_q": changed.balance_q, "reason": reason}
    audit.record(tx, "credit.adjusted", "Credit balance adjusted", before, after, customer_id=customer_id)
    return store.enter(tx, entry), entry
