"""The book, written."""

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

from inventory.domain.book import Book
from inventory.domain.reservation import Reservation
from inventory.domain.stock import Key, Settings
from inventory.store.columns import columns
from kit.db import Tx

# What every new reservation has in common, or what follows from its status, does not travel.
MAKE_RESERVATIONS = """
    insert into reservations (
        business_id, id, owner_type, owner_scope, owner_ref, sku, location, qty, status, order_ref, expires_at, created_at,
        qty_fulfilled, fulfilled_at
    )
    select m.*, now(), case status when 'committed' then qty else 0 end, case status when 'committed' then now() end
    from unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::numeric[], $9::text[],
        $10::text[], $11::timestamptz[]
    ) as m (business_id, id, owner_type, owner_scope, owner_ref, sku, location, qty, status, order_ref, expires_at)
"""
CHANGE_RESERVATIONS = """
    update reservations as r
    set qty = c.qty, qty_fulfilled = c.qty_fulfilled, status = c.status, order_ref = c.order_ref, expires_at = c.expires_at,
        fulfilled_at = c.fulfilled_at, released_at = c.released_at
    from unnest(
        $1::uuid[], $2::uuid[], $3::numeric[], $4::numeric[], $5::text[], $6::text[], $7::timestamptz[],
        $8::timestamptz[], $9::timestamptz[]
    ) as c (business_id, id, qty, qty_fulfilled, status, order_ref, expires_at, fulfilled_at, released_at)
    where r.business_id = c.business_id and r.id = c.id
"""
# At the time of this statement, when the shelves are locked, and not when the transaction began: so the movements of a shelf
# follow each other in time as they did in fact, and their sum up to any instant is what lay there then.
RECORD_MOVEMENTS = """
    insert into movements (business_id, sku, location, type, qty_delta, reference, reason, unit_cost_q, lot, expiry_date,
        supplier, lot_id, actor, created_at)
    select m.*, $13::text, statement_timestamp()
    from unnest(
        $1::uuid[], $2::text[], $3::text[], $4::text[], $5::numeric[], $6::text[], $7::text[], $8::bigint[], $9::text[],
        $10::date[], $11::text[], $12::uuid[]
    ) as m
"""
COUNT_STOCK = """
    update stock as s
    set on_hand = s.on_hand + c.on_hand, reserved = s.reserved + c.reserved, has_lots = s.has_lots or c.has_lots
    from unnest($1::uuid[], $2::text[], $3::text[], $4::numeric[], $5::numeric[], $6::boolean[])
        as c (business_id, sku, location, on_hand, reserved, has_lots)
    where s.business_id = c.business_id and s.sku = c.sku and s.location = c.location
"""
# Arrays of arrays must be rectangular; texts that each become an array need not.
KEEP_ALLOCATIONS = """
    insert into allocations (
        business_id, id, owner_type, owner_scope, owner_ref, sku, qty, rule, reason, locations, free, taken, decided_at
    )
    select business_id, uuidv7(), type, scope, ref, sku, qty, rule, reason,
        array(select jsonb_array_elements_text(locations::jsonb)),
        array(select jsonb_array_elements_text(free::jsonb)::numeric),
        array(select jsonb_array_elements_text(taken::jsonb)::numeric), now()
    from unnest(
        $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::numeric[], $7::text[], $8::text[], $9::text[],
        $10::text[], $11::text[]
    ) as made (business_id, type, scope, ref, sku, qty, rule, reason, locations, free, taken)
"""
MAKE_LOTS = """
    insert into lots (
        business_id, id, sku, location, lot, expiry_date, unit_cost_q, supplier, received_at, qty, qty_left
    )
    select * from unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::date[], $7::bigint[], $8::text[],
        $9::timestamptz[], $10::numeric[], $11::numeric[]
    )
"""
CHANGE_LOTS = """
    update lots as l set qty_left = l.qty_left + c.change
    from unnest($1::uuid[], $2::uuid[], $3::numeric[]) as c (business_id, id, change)
    where l.business_id = c.business_id and l.id = c.id
"""
SET_STOCK = """
    update stock set reorder_point = $4, safety_stock = $5, backorder_limit = $6, reserved = reserved + $7
    where business_id = $1 and sku = $2 and location = $3
"""


def write(tx: Tx, book: Book) -> None:
    """Writes the book at the end of the transaction, everything in one round trip."""
    if book.made:
        tx.later(MAKE_RESERVATIONS, *columns((*r[:8], r.status, r.order_ref, r.expires_at) for r in book.made))
    if book.changed:
        tx.later(CHANGE_RESERVATIONS, *columns(_changes(book.changed)))
    if book.moved:
        tx.later(RECORD_MOVEMENTS, *columns((*m.key, *m[1:]) for m in book.moved), tx.actor)
    if counted := [row for row in _counts(book) if row[3] or row[4]]:
        tx.later(COUNT_STOCK, *columns(counted))
    if book.choices:
        tx.later(KEEP_ALLOCATIONS, *columns(_choices(book)))
    if book.lots:
        tx.later(MAKE_LOTS, *columns(book.lots))
    if book.left:
        tx.later(CHANGE_LOTS, *columns((*lot, change) for lot, change in book.left.items()))


def change_settings(tx: Tx, key: Key, settings: Settings, book: Book) -> None:
    """Writes the settings of a locked shelf at the end of the transaction, with what ran out there: all that the book may hold."""
    tx.later(SET_STOCK, *key, *settings, book.reserved[key])


def _counts(book: Book) -> Iterable[tuple[UUID, str, str, Decimal, Decimal, bool]]:
    with_lots = {lot.key for lot in book.lots}
    for key in book.on_hand.keys() | book.reserved.keys():
        yield *key, book.on_hand[key], book.reserved[key], key in with_lots


def _choices(book: Book) -> Iterable[tuple[Any, ...]]:
    for owner, made in book.choices:
        taken = dict(made.parts)
        yield (
            *owner, made.sku.sku, made.qty, made.rule, made.reason,
            json.dumps([part.key.location for part in made.free]),
            json.dumps([str(part.qty) for part in made.free]),
            json.dumps([str(taken.get(part.key, 0)) for part in made.free]),
        )  # fmt: skip


def _changes(changed: Iterable[Reservation]) -> list[tuple[Any, ...]]:
    return [
        (r.business, r.id, r.qty, r.qty_fulfilled, r.status, r.order_ref, r.expires_at, r.fulfilled_at, r.released_at)
        for r in changed
    ]
