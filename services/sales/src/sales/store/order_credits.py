"""Credit that is kept for orders. Whoever locks one locks its customer first."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import asyncpg

from kit.db import RETRY, Tx
from sales.domain.customer import Customer
from sales.domain.order_credit import OrderCredit
from sales.store import customers

Place = tuple[UUID, str]
"""Business and order."""
NAMES = tuple(OrderCredit.__slots__)
CREDITS = f"""
    select c.business_id, {", ".join(f"c.{name}" for name in NAMES)}
    from unnest($1::uuid[], $2::text[]) as g (business_id, order_ref) join order_credits c using (business_id, order_ref)
    order by c.business_id, c.order_ref
"""
LOCKED_CREDITS = f"{CREDITS} for no key update of c"
LOCKED_CUSTOMERS = f"""
    select business_id, {customers.COLUMNS} from customers
    where (business_id, id) in (select * from unnest($1::uuid[], $2::uuid[]))
    order by business_id, id
    for no key update
"""
# What is due for longer than each customer's terms allow (spec 1C.1): of sales, and of orders, whose oldest debts are the
# first to be paid by what came in beyond the sales.
OVERDUE = """
    select c.business_id, c.id, s.late_q
        + least(o.late_q, greatest(0, c.balance_q - s.due_q - o.fresh_q)) as overdue_q
    from unnest($1::uuid[], $2::uuid[]) as g (business_id, id)
    join customers c using (business_id, id)
    cross join lateral (select now() - make_interval(days => c.credit_terms_days) as latest) as terms
    cross join lateral (
        select coalesce(sum(amount_due_q), 0)::bigint as due_q,
            coalesce(sum(amount_due_q) filter (where completed_at <= latest), 0)::bigint as late_q
        from sales
        where business_id = c.business_id and customer_id = c.id and is_credit_sale and amount_due_q > 0
    ) as s
    cross join lateral (
        select coalesce(sum(amount_q) filter (where posted_at <= latest), 0)::bigint as late_q,
            coalesce(sum(amount_q) filter (where posted_at > latest), 0)::bigint as fresh_q
        from order_credits
        where business_id = c.business_id and customer_id = c.id and state <> 'released' and posted_at is not null
            and c.balance_q > 0
    ) as o
"""
INSERT = f"""
    insert into order_credits (business_id, {", ".join(NAMES)}) values ($1, {", ".join(f"${n + 2}" for n in range(len(NAMES)))})
"""
SAVE = "update order_credits set state = $3, posted_at = $4 where business_id = $1 and order_ref = $2"


async def lock_all(
    tx: Tx, orders: Collection[Place], named: Collection[tuple[UUID, UUID]]
) -> tuple[dict[Place, OrderCredit], dict[tuple[UUID, UUID], Customer]]:
    """Locks and returns what orders have, and the customers of it and those that are named by business and id."""
    seen = _credits(await tx.connection.fetch(CREDITS, *_columns(orders)))
    owners = {*named, *((business, each.customer_id) for (business, _), each in seen.items() if each.customer_id)}
    rows = await tx.connection.fetch(LOCKED_CUSTOMERS, *_columns(owners)) if owners else []
    known = {(row["business_id"], row["id"]): Customer(**dict(list(row.items())[1:])) for row in rows}
    found = _credits(await tx.connection.fetch(LOCKED_CREDITS, *_columns(orders)))
    if any(each.customer_id and (place[0], each.customer_id) not in known for place, each in found.items()):
        raise RETRY
    tx.conflicts["order_credits_pkey"] = RETRY
    return found, known


def _credits(rows: "list[asyncpg.Record]") -> dict[Place, OrderCredit]:
    return {(business, values[0]): OrderCredit(*values) for business, *values in rows}


def _columns(places: Collection[tuple[UUID, Any]]) -> list[list[Any]]:
    return [[place[0] for place in places], [place[1] for place in places]]


async def overdue(tx: Tx, customers: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], int]:
    """Returns what customers (business and id) owe for longer than their terms allow, in minor units."""
    rows = await tx.connection.fetch(OVERDUE, *_columns(customers)) if customers else []
    return {(business, customer_id): overdue_q for business, customer_id, overdue_q in rows}


async def overdue_q(tx: Tx, customer_id: UUID) -> int:
    """Returns the same of a customer of the caller's business."""
    return (await overdue(tx, [(tx.business, customer_id)]))[(tx.business, customer_id)]


def insert(tx: Tx, new: OrderCredit) -> None:
    """Saves what an order has that had nothing."""
    tx.later(INSERT, tx.business, *(getattr(new, name) for name in NAMES))


def save(tx: Tx, changed: OrderCredit) -> None:
    """Saves where it stands; once in a transaction."""
    tx.later(SAVE, tx.business, changed.order_ref, changed.state, changed.posted_at)
