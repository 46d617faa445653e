"""Returns, and how much of each line has come back."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from kit.db import Tx
from orders.domain.fulfillment import Allotted
from orders.domain.returns import Item, Return

STAMPS = ("received_at", "restocked_at", "refunded_at", "cancelled_at")
NAMES = ("number", "order_ref", "status", "reason", "created_at", "updated_at", "refund_q", *STAMPS)
CHANGING = ("status", "updated_at", "refund_q", *STAMPS)
COLUMNS = ", ".join(f"r.{name}" for name in NAMES)
ITEMS = """(select jsonb_agg(jsonb_build_object('line_id', i.line_id, 'qty', i.qty::text, 'restock', i.restock, 'sku', l.sku,
        'unit_price_q', l.unit_price_q) order by l.position)
    from return_items i
    join order_items l on l.business_id = i.business_id and l.order_ref = r.order_ref and l.line_id = i.line_id
    where i.business_id = r.business_id and i.number = r.number) as items"""
RETURN = f"select {COLUMNS}, {ITEMS} from returns r where r.business_id = $1 and r.number = $2"
LOCKED_RETURN = f"{RETURN} for update"
LINES = """select line_id, sku, name, qty, qty_returned as qty_allotted, unit_price_q from order_items
    where business_id = $1 and order_ref = $2 order by position"""
STANDING = """select array(select status from returns where business_id = $1 and order_ref = $2) as statuses,
    (select bool_and(qty_returned = qty) from order_items where business_id = $1 and order_ref = $2) as whole"""
NEXT_NUMBER = """
    insert into counters as c (business_id, name, last)
    select $1, 'RET-' || to_char(now() at time zone coalesce(
        (select timezone from businesses where business_id = $1), 'America/Sao_Paulo'), 'YYYYMMDD'), 1
    on conflict (business_id, name) do update set last = c.last + 1
    returning name || '-' || lpad(last::text, greatest(4, length(last::text)), '0')
"""
INSERT = f"""insert into returns (business_id, {", ".join(NAMES)})
    values ($1, {", ".join(f"${index + 2}" for index in range(len(NAMES)))})"""
INSERT_ITEMS = """insert into return_items (business_id, number, line_id, qty, restock)
    select $1, $2, * from unnest($3::text[], $4::numeric[], $5::boolean[])"""
ALLOT = """
    update order_items i set qty_returned = i.qty_returned + given.qty
    from unnest($3::text[], $4::numeric[]) as given (line_id, qty)
    where i.business_id = $1 and i.order_ref = $2 and i.line_id = given.line_id
"""
UPDATE = f"""update returns set {", ".join(f"{name} = ${index + 3}" for index, name in enumerate(CHANGING))}
    where business_id = $1 and number = $2"""
RESTOCKED = """
    update returns r set restocked_at = now(), updated_at = now(),
        status = case when r.status = 'received' then 'restocked' else r.status end
    from unnest($1::uuid[], $2::text[]) as g (business_id, number)
    where r.business_id = g.business_id and r.number = g.number and r.restocked_at is null
"""
REFUNDED = """
    update returns r set refunded_at = now(), updated_at = now(), status = 'refunded'
    from unnest($1::uuid[], $2::text[]) as g (business_id, number)
    where r.business_id = g.business_id and r.number = g.number and r.refunded_at is null
"""


async def get(tx: Tx, number: str, *, lock: bool = False) -> Return | None:
    """Returns the return; locked until the transaction ends where asked."""
    row = await tx.connection.fetchrow(LOCKED_RETURN if lock else RETURN, tx.business, number)
    return return_of(row) if row else None


async def lines(tx: Tx, order_ref: str) -> tuple[list[Allotted], dict[str, int]]:
    """Returns the lines of an order, whose lock the caller holds, with what has come back of them; and their unit prices."""
    rows = await tx.connection.fetch(LINES, tx.business, order_ref)
    prices = {row["line_id"]: row["unit_price_q"] for row in rows}
    names = ("line_id", "sku", "name", "qty", "qty_allotted")
    return [Allotted(**{name: row[name] for name in names}) for row in rows], prices


async def standing(tx: Tx, order_ref: str) -> tuple[list[str], bool]:
    """Returns the statuses of an order's returns, and whether all that was ordered is in them."""
    row = await tx.connection.fetchrow(STANDING, tx.business, order_ref)
    return (row["statuses"], bool(row["whole"])) if row else ([], False)


async def next_number(tx: Tx) -> str:
    """Returns the number of the business's next return today, in its own zone."""
    number: str = await tx.connection.fetchval(NEXT_NUMBER, tx.business)
    return number


async def insert(tx: Tx, new: Return) -> None:
    """Saves a new return and takes its quantities; the database refuses what would be more than was ordered."""
    line_ids, quantities = [item.line_id for item in new.items], [item.qty for item in new.items]
    await tx.connection.execute(INSERT, tx.business, *(getattr(new, name) for name in NAMES))
    restock = [item.restock for item in new.items]
    await tx.connection.execute(INSERT_ITEMS, tx.business, new.number, line_ids, quantities, restock)
    await tx.connection.execute(ALLOT, tx.business, new.order_ref, line_ids, quantities)


async def update(tx: Tx, changed: Return, *, free: bool = False) -> None:
    """Saves what may change of a locked return; gives its quantities back where it is called off."""
    await tx.connection.execute(UPDATE, tx.business, changed.number, *(getattr(changed, name) for name in CHANGING))
    if free:
        line_ids, quantities = [item.line_id for item in changed.items], [-item.qty for item in changed.items]
        await tx.connection.execute(ALLOT, tx.business, changed.order_ref, line_ids, quantities)


async def mark(tx: Tx, statement: str, places: Sequence[tuple[UUID, str]]) -> None:
    """Writes, by RESTOCKED or REFUNDED, what became of returns (business and number)."""
    if places:
        await tx.connection.execute(statement, *(list(column) for column in zip(*places, strict=True)))


def return_of(row: asyncpg.Record) -> Return:
    """Returns the return that a row holds."""
    return Return(**{name: row[name] for name in NAMES}, items=tuple(_item(each) for each in row["items"] or ()))


def _item(stored: Any) -> Item:
    return Item(stored["line_id"], stored["sku"], Decimal(stored["qty"]), stored["unit_price_q"], stored["restock"])
