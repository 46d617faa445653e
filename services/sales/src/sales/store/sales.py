"""Sales, their items, and their payments. Whoever locks a customer, too, locks him first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from kit.db import Tx
from kit.errors import NotFound
from kit.ids import MILLISECOND, uuid7
from sales.domain.discount import Limits
from sales.domain.item import Item
from sales.domain.sale import NewPayment, Sale
from sales.store.businesses import Answered
from sales.store.columns import columns

Day = tuple[UUID, str, date]
"""A business date of a business's storefront, which numbers its receipts."""

KEPT = tuple(name for name in Sale.__slots__ if name != "items")
DERIVED = ("subtotal_q", "total_q", "amount_due_q")
COLUMNS = ", ".join((*KEPT, *DERIVED))
SALE_COLUMNS = ", ".join(KEPT)
ITEM_KEPT = tuple(Item.__slots__)
ITEMS_OF_SALE = f"""
    array(
        select row({", ".join(ITEM_KEPT)}) from sale_items i
        where i.business_id = s.business_id and i.sale_id = s.id order by i.id
    ) as items
"""
SALE = f"select {SALE_COLUMNS}, {ITEMS_OF_SALE} from sales s where business_id = $1 and id = $2"
# Whoever had to wait for the lock gets the sale as it is now, but its items as they were; the two revisions tell.
LOCKED_SALE = f"""
    select {SALE_COLUMNS}, {ITEMS_OF_SALE},
        (select seen.rev from sales seen where seen.business_id = $1 and seen.id = $2) as seen_rev
    from sales s where business_id = $1 and id = $2
    for no key update
"""
LOOK = f"""
    select now() as now, {SALE_COLUMNS}, {ITEMS_OF_SALE}, b.staff_discount_limit, b.manager_discount_limit, k.digest, k.answer
    from sales s
    join (select business_id, staff_discount_limit, manager_discount_limit from businesses) b using (business_id)
    left join (select business_id, scope, key, digest, answer, expires_at from idempotency_keys) k
        on k.business_id = $1 and k.scope = $3 and k.key = $4 and k.answer is not null and k.expires_at > now()
    where s.business_id = $1 and id = $2
"""
CUSTOMER_OF_SALE = "select customer_id from sales where business_id = $1 and id = $2"
NEW_SALES = f"""
    insert into sales (business_id, {COLUMNS})
    select * from unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::date[], $6::text[], $7::uuid[], $8::text[], $9::text[], $10::text[],
        $11::text[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::boolean[], $17::boolean[], $18::text[],
        $19::text[], $20::text[], $21::bigint[], $22::uuid[], $23::text[], $24::timestamptz[], $25::timestamptz[],
        $26::timestamptz[], $27::text[], $28::timestamptz[], $29::bigint[], $30::bigint[], $31::bigint[]
    )
"""
CHANGED = (
    "customer_id", "type", "status", "payment_type", "discount_q", "tax_q", "amount_paid_q", "amount_refunded_q",
    "is_credit_sale", "manager_override", "override_reason", "override_by", "notes", "rev", "completion_id", "stock_ref",
    "updated_at", "completed_at", *DERIVED,
)  # fmt: skip
SAVE_SALE = f"""
    update sales set {", ".join(f"{name} = ${n + 3}" for n, name in enumerate(CHANGED))} where business_id = $1 and id = $2
"""
TAKE_DRAFT = """
    update sales set completion_id = $4, updated_at = $5
    where business_id = $1 and id = $2 and rev = $3 and completion_id is null
    returning 1
"""
SAVE_SEEN_DRAFT = f"{SAVE_SALE} and rev = ${len(CHANGED) + 3} and completion_id is null returning 1"
NEXT_RECEIPTS = """
    insert into receipt_counters as c (business_id, storefront, business_date, last)
    select * from unnest($1::uuid[], $2::text[], $3::date[], $4::integer[])
    on conflict (business_id, storefront, business_date) do update set last = c.last + excluded.last
    returning business_id, storefront, business_date, last
"""
ITEM_DERIVED = ("discount_q", "base_q", "tax_q", "total_q")
ITEM_COLUMNS = ", ".join(ITEM_KEPT)
ITEMS = f"""
    select sale_id, {ITEM_COLUMNS} from sale_items where business_id = $1 and sale_id = any($2::uuid[]) order by sale_id, id
"""
SAVE_ITEMS = f"""
    insert into sale_items (business_id, sale_id, {ITEM_COLUMNS}, {", ".join(ITEM_DERIVED)})
    select * from unnest(
        $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::numeric[], $7::bigint[], $8::boolean[], $9::bigint[],
        $10::bigint[], $11::bigint[], $12::numeric[], $13::bigint[], $14::numeric[], $15::bigint[], $16::bigint[], $17::bigint[],
        $18::bigint[]
    )
    on conflict (business_id, sale_id, id) do update set (quantity, unit_price_q, price_is_named, discount_percentage,
        discount_amount_q, tax_rate, discount_q, base_q, tax_q, total_q) = (excluded.quantity, excluded.unit_price_q,
        excluded.price_is_named, excluded.discount_percentage, excluded.discount_amount_q, excluded.tax_rate,
        excluded.discount_q, excluded.base_q, excluded.tax_q, excluded.total_q)
"""
REMOVE_ITEM = "delete from sale_items where business_id = $1 and sale_id = $2 and id = $3"
ADD_PAYMENT = """
    insert into payments (business_id, id, sale_id, method, amount_q, reference, processed_by, created_at, customer_id,
        account_payment_id, payment_intent_id)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
OWED_SALES = f"""
    select {SALE_COLUMNS} from sales
    where business_id = $1 and customer_id = $2 and is_credit_sale and amount_due_q > 0
    order by completed_at, id
    for no key update
"""
PAYMENTS = """
    select id, sale_id, method, amount_q, reference, processed_by, created_at, payment_intent_id from payments
    where business_id = $1 and sale_id = any($2::uuid[]) order by sale_id, id
"""


async def next_receipts(tx: Tx, days: Sequence[Day]) -> list[int]:
    """Returns the next numbers of storefronts' days, in their order; whoever asks meanwhile waits until the transaction is over."""
    wanted = sorted(Counter(days).items())
    rows = await tx.connection.fetch(NEXT_RECEIPTS, *columns((*day, count) for day, count in wanted))
    before = {(business, storefront, day): last for business, storefront, day, last in rows}
    counts = {day: iter(range(before[day] - count + 1, before[day] + 1)) for day, count in wanted}
    return [next(counts[day]) for day in days]


async def sale(tx: Tx, sale_id: UUID, *, lock: bool = False) -> Sale:
    """Returns a sale of the caller's business with its items; raises NotFound."""
    row = await tx.connection.fetchrow(LOCKED_SALE if lock else SALE, tx.business, sale_id)
    if row is None:
        raise NotFound("not_found", id=str(sale_id))
    if lock and row["seen_rev"] != row["rev"]:
        return (await with_items(tx, [row]))[0]
    return sale_of(row)


class Looked(NamedTuple):
    """A sale at a time, its business's limits of discounts, and what a repeated call was answered."""

    now: datetime
    sale: Sale
    limits: Limits
    first: Answered | None


async def look(tx: Tx, sale_id: UUID, scope: str, key: str) -> Looked:
    """Returns what a change of a sale goes by, and what a call with a key was answered; raises NotFound."""
    row = await tx.connection.fetchrow(LOOK, tx.business, sale_id, scope, key)
    if row is None:
        raise NotFound("not_found", id=str(sale_id))
    limits = Limits(row["staff_discount_limit"], row["manager_discount_limit"])
    first = (row["digest"], row["answer"]) if row["answer"] is not None else None
    return Looked(row["now"], sale_of(row), limits, first)


async def customer_of(tx: Tx, sale_id: UUID) -> UUID | None:
    """Returns the customer of a sale, None for somebody who walked in; raises NotFound."""
    row = await tx.connection.fetchrow(CUSTOMER_OF_SALE, tx.business, sale_id)
    if row is None:
        raise NotFound("not_found", id=str(sale_id))
    found: UUID | None = row["customer_id"]
    return found


async def with_items(tx: Tx, rows: "Sequence[asyncpg.Record]") -> list[Sale]:
    """Returns the sales in rows that have their columns, with their items in the order of adding."""
    items: dict[UUID, list[Item]] = {row["id"]: [] for row in rows}
    for sale_id, *item in await tx.connection.fetch(ITEMS, tx.business, list(items)):
        items[sale_id].append(Item(*item))
    return [_sale(row, items[row["id"]]) for row in rows]


def sale_of(row: "asyncpg.Record") -> Sale:
    """Returns the sale in a row that has its columns and its items."""
    return _sale(row, [Item(*item) for item in row["items"]])


def _sale(row: "asyncpg.Record", items: Sequence[Item]) -> Sale:
    return Sale(**{name: row[name] for name in KEPT}, items=tuple(items))


def insert(tx: Tx, new: Sale) -> None:
    """Saves a new draft, but for its items."""
    tx.later_row(NEW_SALES, tx.business, *(getattr(new, name) for name in (*KEPT, *DERIVED)))


def save(tx: Tx, changed: Sale) -> None:
    """Saves a locked sale, but for its items; once in a transaction."""
    stamped = replace(changed, updated_at=tx.now)
    tx.later(SAVE_SALE, tx.business, changed.id, *(getattr(stamped, name) for name in CHANGED))


def save_draft(tx: Tx, seen: Sale, changed: Sale) -> None:
    """Saves a draft, but for its items, if it is still as it was seen; raises what `tx.overtaken` says if it is not."""
    stamped = replace(changed, updated_at=tx.now)
    tx.guarded(SAVE_SEEN_DRAFT, tx.business, seen.id, *(getattr(stamped, name) for name in CHANGED), seen.rev)


def take_draft(tx: Tx, seen: Sale, completion_id: UUID) -> None:
    """Lets nobody but a completion change a draft, if it is still as it was seen; else raises what `tx.overtaken` says."""
    tx.guarded(TAKE_DRAFT, tx.business, seen.id, seen.rev, completion_id, tx.now)


def save_items(tx: Tx, sale_id: UUID, before: Sequence[Item], after: Sequence[Item]) -> None:
    """Saves how a sale's items differ, which nobody else can change."""
    known = {item.id: item for item in before}
    for item in after:
        if known.pop(item.id, None) != item:
            tx.later_row(
                SAVE_ITEMS, tx.business, sale_id, *(getattr(item, name) for name in (*ITEM_KEPT, *ITEM_DERIVED))
            )
    for gone in known:
        tx.later(REMOVE_ITEM, tx.business, sale_id, gone)


async def owed(tx: Tx, customer_id: UUID) -> list[Sale]:
    """Locks and returns what a locked customer bought on credit and has not paid for, oldest first."""
    return await with_items(tx, await tx.connection.fetch(OWED_SALES, tx.business, customer_id))


def add_payment(
    tx: Tx,
    sale: Sale | None,
    payment: NewPayment,
    customer_id: UUID | None = None,
    account_payment_id: UUID | None = None,
    number: int = 0,
) -> dict[str, Any]:
    """Adds a payment to a locked sale, or to a customer's account alone; returns it as a mapping with its columns.

    Several of one transaction are told apart by a number, which is their order.
    """
    intent_id = UUID(payment.intent_id) if payment.intent_id else None
    values = (uuid7(tx.now + number * MILLISECOND), sale.id if sale else None, *payment[:3], tx.actor, tx.now)
    payer = customer_id or (sale.customer_id if sale else None)
    tx.later(ADD_PAYMENT, tx.business, *values, payer, account_payment_id, intent_id)
    names = ("id", "sale_id", "method", "amount_q", "reference", "processed_by", "created_at", "payment_intent_id")
    return dict(zip(names, (*values, intent_id), strict=True))


async def payments(tx: Tx, sale_ids: Sequence[UUID]) -> dict[UUID, list[Mapping[str, Any]]]:
    """Returns the payments of sales, oldest first, as mappings with their columns."""
    found: dict[UUID, list[Mapping[str, Any]]] = {}
    for row in await tx.connection.fetch(PAYMENTS, tx.business, list(sale_ids)):
        found.setdefault(row["sale_id"], []).append(dict(row))
    return found
