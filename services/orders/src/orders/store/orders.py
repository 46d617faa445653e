"""Orders with their lines and their history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from kit.db import RETRY, Tx
from orders.domain import search
from orders.domain.flow import STAMPED
from orders.domain.order import Order, line_json
from orders.domain.session import Charges
from orders.store.lines import line_of

NAMES = (
    "ref", "id", "channel_code", "config_version", "session_key", "handle_type", "handle_ref", "external_ref", "status",
    "currency", "subtotal_q", "discount_q", "shipping_q", "tax_q", "total_q", "items_count", "data", "snapshot", "last_seq",
    "created_at", "updated_at",
)  # fmt: skip
STAMPS = tuple(f"{status}_at" for status in STAMPED)
COLUMNS = ", ".join(f"o.{name}" for name in (*NAMES, *STAMPS, "assigned_to"))
LISTED = COLUMNS.replace("o.snapshot", "'{}'::jsonb as snapshot")
"""The columns of an order in a list, which shows no snapshots."""
SEALED = ("discount_q", "shipping_q", "tax_q")
ITEMS = """(select coalesce(jsonb_agg(jsonb_build_object('line_id', i.line_id, 'sku', i.sku, 'name', i.name,
        'qty', i.qty::text, 'unit_price_q', i.unit_price_q, 'meta', i.meta) order by i.position), '[]'::jsonb)
    from order_items i where i.business_id = o.business_id and i.order_ref = o.ref) as items"""
FLOW = """join channel_configs c on c.business_id = o.business_id and c.channel_code = o.channel_code
        and c.version = o.config_version"""
HOLDS = """(select coalesce(jsonb_array_length(s.checks #> '{stock,result,holds}'), 0) from sessions s
    where s.business_id = o.business_id and s.channel_code = o.channel_code and s.session_key = o.session_key) as holds"""

ORDER = f"select {COLUMNS}, {ITEMS}, c.config, {HOLDS} from orders o {FLOW} where o.business_id = $1 and o.ref = $2"
LOCKED_ORDER = f"{ORDER} for update of o"
LOCKED_ORDERS = f"""select {COLUMNS}, {ITEMS}, c.config, {HOLDS} from orders o {FLOW}
    where o.business_id = $1 and o.ref = any($2) order by o.ref for update of o"""
LOCKED_TRIGGERED = f"""
    select o.business_id, {COLUMNS}, {ITEMS}, c.config, {HOLDS}
    from unnest($1::uuid[], $2::text[]) as g (business_id, ref)
    join orders o using (business_id, ref) {FLOW}
    where c.config #> array['order_flow', 'auto_transitions', $3] is not null
    order by o.business_id, o.ref for update of o
"""
LOCKED_PLACES = f"""
    select o.business_id, {COLUMNS}, {ITEMS}, c.config, {HOLDS}
    from unnest($1::uuid[], $2::text[]) as g (business_id, ref)
    join orders o using (business_id, ref) {FLOW}
    order by o.business_id, o.ref for update of o
"""
LOCKED_OF_CUSTOMER = f"""
    select {COLUMNS}, {ITEMS} from orders o
    where o.business_id = $1 and o.handle_type = 'customer' and o.handle_ref = $2 and o.handle_ref <> '' and o.ref > $3
    order by o.ref limit $4 for update of o
"""
REFUNDED = """
    select business_id, order_ref
    from unnest($1::uuid[], $2::text[]) as g (business_id, order_ref) join order_events e using (business_id, order_ref)
    where e.type in ('payment.captured', 'payment.refunded')
    group by 1, 2
    having sum((payload ->> 'amount_q')::bigint) filter (where type = 'payment.captured')
        <= sum((payload ->> 'amount_q')::bigint) filter (where type = 'payment.refunded')
"""
TRANSACTIONS = """
    select business_id, order_ref, type, coalesce(payload ->> 'transaction_id', payload ->> 'refund_id', '')
    from unnest($1::uuid[], $2::text[]) as g (business_id, order_ref) join order_events e using (business_id, order_ref)
    where e.type in ('payment.authorized', 'payment.captured', 'payment.refunded')
"""
ORDER_OF_SESSION = """select ref, id, total_q, items_count from orders
    where business_id = $1 and channel_code = $2 and session_key = $3"""
INSERT = f"""insert into orders (business_id, {", ".join((*NAMES, *STAMPS))})
    values ($1, {", ".join(f"${index + 2}" for index in range(len(NAMES) + len(STAMPS)))})"""
INSERT_ITEMS = """
    insert into order_items (business_id, order_ref, line_id, position, sku, name, qty, unit_price_q, line_total_q, meta)
    select $1, $2, line_id, position, sku, name, qty, unit_price_q, line_total_q, meta
    from rows from (jsonb_to_recordset($3::jsonb) as (line_id text, sku text, name text, qty numeric, unit_price_q bigint,
        line_total_q bigint, meta jsonb)) with ordinality
        as items (line_id, sku, name, qty, unit_price_q, line_total_q, meta, position)
"""
UPDATE = f"""update orders set status = $3, data = $4, last_seq = $5, updated_at = $6, assigned_to = $7,
    {", ".join(f"{name} = ${index + 8}" for index, name in enumerate(STAMPS))}
    where business_id = $1 and ref = $2"""
INSERT_SEARCH = "insert into order_search (business_id, id, words) values ($1, $2, array_to_tsvector($3::text[]))"
UPDATE_SEARCH = "update order_search set words = array_to_tsvector($3::text[]) where business_id = $1 and id = $2"
INSERT_EVENT = """
    insert into order_events (business_id, order_ref, seq, type, actor, actor_label, payload, request_id, address, agent,
        created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""


@dataclass(frozen=True, slots=True)
class Found:
    """An order with the rules that it began with."""

    order: Order
    config: Mapping[str, Any]
    holds: int = 0
    """How many reservations its session had when it was committed."""


async def order(tx: Tx, ref: str, *, lock: bool = False) -> Found | None:
    """Returns the order; locked until the transaction ends where asked."""
    row = await tx.connection.fetchrow(LOCKED_ORDER if lock else ORDER, tx.business, ref)
    return _found(row) if row else None


async def lock_orders(tx: Tx, refs: Sequence[str]) -> list[Found]:
    """Returns, locked, those of the orders that there are."""
    return [_found(row) for row in await tx.connection.fetch(LOCKED_ORDERS, tx.business, refs)]


def _found(row: asyncpg.Record) -> Found:
    return Found(order_of(row), row["config"], row["holds"])


async def lock_triggered(tx: Tx, trigger: str, places: Sequence[tuple[UUID, str]]) -> list[tuple[UUID, Found]]:
    """Returns, locked, those of the orders (business and ref) whose flow says something for the trigger."""
    columns = (list(column) for column in zip(*places, strict=True))
    rows = await tx.connection.fetch(LOCKED_TRIGGERED, *columns, trigger)
    return [(row["business_id"], _found(row)) for row in rows]


async def lock_places(tx: Tx, places: Sequence[tuple[UUID, str]]) -> list[tuple[UUID, Found]]:
    """Returns, locked, those of the orders (business and ref) that there are."""
    columns = (list(column) for column in zip(*places, strict=True))
    return [(row["business_id"], _found(row)) for row in await tx.connection.fetch(LOCKED_PLACES, *columns)]


async def lock_of_customer(tx: Tx, business: UUID, customer: str, after: str, most: int) -> list[Order]:
    """Returns, locked, some of a customer's orders, those that come next after a ref."""
    return [order_of(row) for row in await tx.connection.fetch(LOCKED_OF_CUSTOMER, business, customer, after, most)]


async def refunded(tx: Tx, places: Sequence[tuple[UUID, str]]) -> list[tuple[UUID, str]]:
    """Returns those of the orders (business and ref) for which all that was paid has been given back (decision 56)."""
    columns = (list(column) for column in zip(*places, strict=True))
    return [(row["business_id"], row["order_ref"]) for row in await tx.connection.fetch(REFUNDED, *columns)]


async def transactions(tx: Tx, places: Sequence[tuple[UUID, str]]) -> set[tuple[UUID, str, str, str]]:
    """Returns business, order, kind, and the provider's id of what the histories of orders tell of their money."""
    columns = (list(column) for column in zip(*places, strict=True))
    return {tuple(row) for row in await tx.connection.fetch(TRANSACTIONS, *columns)}


async def order_of_session(tx: Tx, channel_code: str, session_key: str) -> asyncpg.Record | None:
    """Returns ref, id, total, and number of lines of the order that a session became."""
    return await tx.connection.fetchrow(ORDER_OF_SESSION, tx.business, channel_code, session_key)


def insert_order(tx: Tx, new: Order) -> None:
    """Saves a new order with its lines; an external ref that was taken meanwhile is looked up again."""
    tx.conflicts["orders_external_ref"] = RETRY
    tx.conflicts["orders_session"] = RETRY
    tx.conflicts["orders_pkey"] = RETRY
    values = _values(new)
    tx.later(INSERT, tx.business, *(values[name] for name in (*NAMES, *STAMPS)))
    tx.later(INSERT_ITEMS, tx.business, new.ref, [line_json(line) for line in new.lines])
    tx.later(INSERT_SEARCH, tx.business, new.id, search.words_of(tx.business, new))


def update_order(tx: Tx, changed: Order, business: UUID | None = None) -> None:
    """Saves what may change of a locked order; once in a transaction. The business is the caller's unless given."""
    stamps = (changed.stamps.get(status) for status in STAMPED)
    place = (business or tx.business, changed.ref)
    tx.later(
        UPDATE, *place, changed.status, changed.data, changed.last_seq, changed.updated_at, changed.assigned_to, *stamps
    )


def update_search(tx: Tx, changed: Order, business: UUID | None = None) -> None:
    """Lets an order be found by what its data says now. The business is the caller's unless given."""
    whose = business or tx.business
    tx.later(UPDATE_SEARCH, whose, changed.id, search.words_of(whose, changed))


def insert_event(
    tx: Tx,
    ref: str,
    seq: int,
    kind: str,
    payload: Mapping[str, Any],
    actor_label: str = "",
    business: UUID | None = None,
) -> None:
    """Adds to an order's history; the caller holds the order's lock. The business is the caller's unless given."""
    who = (tx.actor, actor_label, payload, tx.request_id, tx.address, tx.agent)
    tx.later(INSERT_EVENT, business or tx.business, ref, seq, kind, *who, tx.now)


def order_of(row: asyncpg.Record, items: Sequence[Mapping[str, Any]] | None = None) -> Order:
    """Returns the order that a row holds, with the lines given or the row's own."""
    values = {name: row[name] for name in NAMES if name not in SEALED}
    stamps = {status: row[name] for status, name in zip(STAMPED, STAMPS, strict=True) if row[name]}
    lines = tuple(line_of(item) for item in (row["items"] if items is None else items))
    return Order(
        **values,
        lines=lines,
        charges=Charges(row["discount_q"], row["shipping_q"], row["tax_q"]),
        stamps=stamps,
        assigned_to=row["assigned_to"],
    )


def _values(order: Order) -> dict[str, Any]:
    own = {name: getattr(order, name) for name in NAMES if name not in SEALED}
    charges = {name: getattr(order.charges, name) for name in SEALED}
    return own | charges | {f"{status}_at": order.stamps.get(status) for status in STAMPED}
