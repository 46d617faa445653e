"""Customers and the entries of their credit accounts."""

from collections.abc import Collection, Sequence
from uuid import UUID

from kit.db import Tx
from kit.errors import NotFound
from kit.ids import uuid7
from sales.domain.credit import Entry
from sales.domain.customer import Customer

COLUMNS = (
    "id, name, email, phone, address, customer_type, credit_limit_q, balance_q, held_q, credit_terms_days, credit_blocked,"
    " contact_person, is_active, created_by, created_at, updated_at"
)
CUSTOMER = f"select {COLUMNS} from customers where business_id = $1 and id = $2"
LOCKED_CUSTOMER = f"{CUSTOMER} for no key update"
CUSTOMER_OF_PHONE = f"select {COLUMNS} from customers where business_id = $1 and phone = $2 and phone <> ''"
NEW_CUSTOMER = f"""
    insert into customers (business_id, {COLUMNS})
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
    on conflict (business_id, phone) where phone <> '' do nothing
    returning id
"""
DESCRIBE = """
    update customers
    set name = $3, email = $4, phone = $5, address = $6, customer_type = $7, credit_limit_q = $8, credit_terms_days = $9,
        credit_blocked = $10, contact_person = $11, is_active = $12, updated_at = $13
    where business_id = $1 and id = $2
"""
BALANCE = "update customers set balance_q = $3, held_q = $4, updated_at = $5 where business_id = $1 and id = $2"
ENTER = """
    insert into credit_entries (business_id, id, customer_id, type, amount_q, balance_before_q, balance_after_q, reference_id,
        description, created_by, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
# The tables of the machinery hold what callers were answered for a day.
ANSWERS_ABOUT = """
    select scope, key, answer from idempotency_keys
    where business_id = $1 and scope = any($2::text[]) and position(convert_to($3, 'UTF8') in answer) > 0
    order by scope, key for update
"""
REWRITE = """
    update idempotency_keys k set answer = n.answer
    from unnest($2::text[], $3::text[], $4::bytea[]) as n (scope, key, answer)
    where k.business_id = $1 and k.scope = n.scope and k.key = n.key
"""


async def customer(tx: Tx, customer_id: UUID, *, lock: bool = False) -> Customer:
    """Returns a customer of the caller's business; raises NotFound. Whoever locks a sale, too, locks the customer first."""
    row = await tx.connection.fetchrow(LOCKED_CUSTOMER if lock else CUSTOMER, tx.business, customer_id)
    if row is None:
        raise NotFound("not_found", id=str(customer_id))
    return Customer(**row)


async def add(tx: Tx, new: Customer) -> Customer | None:
    """Saves a new customer; returns the one who has the telephone number already, if there is one."""
    values = (getattr(new, name) for name in Customer.__slots__)
    if await tx.connection.fetchval(NEW_CUSTOMER, tx.business, *values):
        return None
    return Customer(**await tx.connection.fetchrow(CUSTOMER_OF_PHONE, tx.business, new.phone))  # type: ignore[arg-type]  # the row's columns are its fields


def describe(tx: Tx, changed: Customer) -> None:
    """Saves what a locked customer is, but for his account."""
    tx.later(
        DESCRIBE, tx.business, changed.id, changed.name, changed.email, changed.phone, changed.address,
        changed.customer_type, changed.credit_limit_q, changed.credit_terms_days, changed.credit_blocked,
        changed.contact_person, changed.is_active, changed.updated_at,
    )  # fmt: skip


async def answers_about(tx: Tx, customer_id: UUID, scopes: Collection[str]) -> list[tuple[str, str, bytes]]:
    """Returns scope, key, and content of the kept answers to some operations that name a customer."""
    rows = await tx.connection.fetch(ANSWERS_ABOUT, tx.business, list(scopes), str(customer_id))
    return [tuple(row) for row in rows]


def rewrite(tx: Tx, answers: Sequence[tuple[str, str, bytes]]) -> None:
    """Saves other contents of kept answers, given with their scopes and keys."""
    tx.later(REWRITE, tx.business, *(list(column) for column in zip(*answers, strict=True)))


def save_account(tx: Tx, changed: Customer) -> None:
    """Saves balance and holds of a locked customer, once in a transaction."""
    tx.later(BALANCE, tx.business, changed.id, changed.balance_q, changed.held_q, tx.now)


def enter(tx: Tx, entry: Entry) -> UUID:
    """Adds an entry to an account, and returns its id; entries of one account are made in the order of their ids."""
    entry_id = uuid7()
    tx.later(
        ENTER, tx.business, entry_id, entry.customer_id, entry.type, entry.amount_q, entry.balance_before_q,
        entry.balance_after_q, entry.reference_id, entry.description, tx.actor, tx.now,
    )  # fmt: skip
    return entry_id
