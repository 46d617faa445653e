"""Fulfilments, and how much of each line they have."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from kit.db import Tx
from orders.domain.fulfillment import Allotted, Fulfillment, Item

STAMPS = (
    "assigned_at", "picking_started_at", "picking_completed_at", "packing_started_at", "packing_completed_at", "shipped_at",
    "fulfilled_at", "cancelled_at",
)  # fmt: skip
NAMES = (
    "number", "order_ref", "status", "created_at", "updated_at", "assigned_to", "warehouse_location", "box_size", "weight",
    "carrier", "tracking_number", "tracking_url", "picking_notes", "packing_notes",
)  # fmt: skip
CHANGING = (*NAMES[2:3], *NAMES[4:], *STAMPS)
COLUMNS = ", ".join(f"f.{name}" for name in (*NAMES, *STAMPS))
ITEMS = """(select coalesce(jsonb_agg(jsonb_build_object('line_id', i.line_id, 'qty', i.qty::text, 'sku', l.sku, 'name', l.name)
        order by l.position), '[]'::jsonb)
    from fulfillment_items i
    join order_items l on l.business_id = i.business_id and l.order_ref = f.order_ref and l.line_id = i.line_id
    where i.business_id = f.business_id and i.number = f.number) as items"""
FULFILLMENT = f"select {COLUMNS}, {ITEMS} from fulfillments f where f.business_id = $1 and f.number = $2"
LOCKED_FULFILLMENT = f"{FULFILLMENT} for update"
ALLOTTED = """select line_id, sku, name, qty, qty_allotted from order_items
    where business_id = $1 and order_ref = $2 order by position"""
STATUSES = "select status from fulfillments where business_id = $1 and order_ref = $2"
WHOLE = "select bool_and(qty_allotted = qty) from order_items where business_id = $1 and order_ref = $2"
NEXT_NUMBER = """
    insert into counters as c (business_id, name, last)
    select $1, 'FUL-' || to_char(now() at time zone coalesce(
        (select timezone from businesses where business_id = $1), 'America/Sao_Paulo'), 'YYYYMMDD'), 1
    on conflict (business_id, name) do update set last = c.last + 1
    returning name || '-' || lpad(last::text, greatest(4, length(last::text)), '0')
"""
INSERT = f"""insert into fulfillments (business_id, {", ".join((*NAMES, *STAMPS))})
    values ($1, {", ".join(f"${index + 2}" for index in range(len(NAMES) + len(STAMPS)))})"""
INSERT_ITEMS = """insert into fulfillment_items (business_id, number, line_id, qty)
    select $1, $2, * from unnest($3::text[], $4::numeric[])"""
UPDATE = f"""update fulfillments set {", ".join(f"{name} = ${index + 3}" for index, name in enumerate(CHANGING))}
    where business_id = $1 and number = $2"""
ALLOT = """
    update order_items i set qty_allotted = i.qty_allotted + given.qty
    from unnest($3::text[], $4::numeric[]) as given (line_id, qty)
    where i.business_id = $1 and i.order_ref = $2 and i.line_id = given.line_id
"""
FREE_INSIDE = """
    update order_items i set qty_allotted = i.qty_allotted - gone.qty
    from (
        select fi.line_id, sum(fi.qty) as qty
        from fulfillments f join fulfillment_items fi on fi.business_id = f.business_id and fi.number = f.number
        where f.business_id = $1 and f.order_ref = $2 and f.status in ('pending', 'picking', 'packing', 'ready_to_ship')
        group by fi.line_id
    ) as gone
    where i.business_id = $1 and i.order_ref = $2 and i.line_id = gone.line_id
"""
CANCEL_INSIDE = """update fulfillments set status = 'cancelled', cancelled_at = now(), updated_at = now()
    where business_id = $1 and order_ref = $2 and status in ('pending', 'picking', 'packing', 'ready_to_ship')"""


async def fulfillment(tx: Tx, number: str, *, lock: bool = False) -> Fulfillment | None:
    """Returns the fulfilment; locked until the transaction ends where asked."""
    row = await tx.connection.fetchrow(LOCKED_FULFILLMENT if lock else FULFILLMENT, tx.business, number)
    return fulfillment_of(row) if row else None


async def allotted(tx: Tx, order_ref: str) -> list[Allotted]:
    """Returns the lines of an order, whose lock the caller holds."""
    return [Allotted(**row) for row in await tx.connection.fetch(ALLOTTED, tx.business, order_ref)]


async def standing(tx: Tx, order_ref: str) -> tuple[list[str], bool]:
    """Returns the statuses of an order's fulfilments, and whether together they have all that was ordered."""
    rows = await tx.connection.fetch(STATUSES, tx.business, order_ref)
    return [row["status"] for row in rows], bool(await tx.connection.fetchval(WHOLE, tx.business, order_ref))


async def next_number(tx: Tx) -> str:
    """Returns the number of the business's next fulfilment today, in its own zone; one that is given up leaves no gap."""
    number: str = await tx.connection.fetchval(NEXT_NUMBER, tx.business)
    return number


async def insert_fulfillment(tx: Tx, new: Fulfillment) -> None:
    """Saves a new fulfilment and takes its quantities; the database refuses what would be more than was ordered."""
    line_ids, quantities = [item.line_id for item in new.items], [item.qty for item in new.items]
    await tx.connection.execute(INSERT, tx.business, *(_value(new, name) for name in (*NAMES, *STAMPS)))
    await tx.connection.execute(INSERT_ITEMS, tx.business, new.number, line_ids, quantities)
    await tx.connection.execute(ALLOT, tx.business, new.order_ref, line_ids, quantities)


async def update_fulfillment(tx: Tx, changed: Fulfillment, *, free: bool = False) -> None:
    """Saves what may change of a locked fulfilment; gives its quantities back where it is called off."""
    await tx.connection.execute(UPDATE, tx.business, changed.number, *(_value(changed, name) for name in CHANGING))
    if free:
        line_ids, quantities = [item.line_id for item in changed.items], [-item.qty for item in changed.items]
        await tx.connection.execute(ALLOT, tx.business, changed.order_ref, line_ids, quantities)


def cancel_inside(tx: Tx, order_ref: str, business: UUID) -> None:
    """Calls off all fulfilments of a locked order that have not left the house."""
    tx.later(FREE_INSIDE, business, order_ref)
    tx.later(CANCEL_INSIDE, business, order_ref)


def fulfillment_of(row: asyncpg.Record) -> Fulfillment:
    """Returns the fulfilment that a row holds."""
    stamps = {name: row[name] for name in STAMPS if row[name]}
    return Fulfillment(**{name: row[name] for name in NAMES}, items=_items(row["items"]), stamps=stamps)


def _items(stored: Sequence[Mapping[str, Any]]) -> tuple[Item, ...]:
    return tuple(Item(each["line_id"], Decimal(each["qty"]), each["sku"], each["name"]) for each in stored)


def _value(fulfillment: Fulfillment, name: str) -> Any:
    return fulfillment.stamps.get(name) if name in STAMPS else getattr(fulfillment, name)
