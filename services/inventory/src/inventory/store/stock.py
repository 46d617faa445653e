"""Shelves and their reservations: locked, expired, and written. Lock order: session or order row, then shelves by key."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from inventory.domain.book import Book
from inventory.domain.quantity import FINEST
from inventory.domain.reservation import Owner, Reservation
from inventory.domain.stock import Key, Shelf, Shelves, Sku
from inventory.store.columns import columns
from kit.db import Tx
from kit.ids import uuid7

RESERVATION = ", ".join(f"r.{name}" for name in ("business_id", *Reservation._fields[1:]))
"""The columns of a reservation, in the order of the domain's fields."""

LOCKED_SHELVES = """
    select s.business_id, s.sku, s.location, s.on_hand, s.reserved, p.step, p.is_active, l.is_active, l.priority
    from unnest($1::uuid[], $2::text[]) as wanted (business_id, sku)
    join stock s on s.business_id = wanted.business_id and s.sku = wanted.sku
    join products p on p.business_id = s.business_id and p.sku = s.sku
    join locations l on l.business_id = s.business_id and l.code = s.location
    order by s.business_id, s.sku, s.location
    for update of s
"""
# A shelf before its reservations: whoever holds a shelf may change its reservations. Where a reservation is over, all shelves
# of its SKU come along, so that its units can be taken anew.
LOCKED_RESERVATIONS = f"""
    select s.business_id, s.sku, s.location, s.on_hand, s.reserved, {RESERVATION}
    from unnest($1::uuid[], $2::uuid[]) as wanted (business_id, id)
    join reservations r on r.business_id = wanted.business_id and r.id = wanted.id
    join stock s on s.business_id = r.business_id and s.sku = r.sku
        and (s.location = r.location or r.status in ('released', 'expired'))
    order by s.business_id, s.sku, s.location
    for update of s, r
"""
HELD_BY_OWNERS = f"""
    select {RESERVATION}
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as o (business_id, type, scope, ref)
    join reservations r on r.business_id = o.business_id and r.owner_ref = o.ref and r.owner_type = o.type
        and r.owner_scope = o.scope
    where r.status in ('active', 'committed')
    order by r.business_id, r.id
"""
ACTIVE_OF_OWNER = """
    select business_id, id from reservations
    where business_id = $1 and owner_type = $2 and status = 'active'
        and (owner_ref = $3 or owner_type = 'session' and owner_scope = $4 and owner_ref = $5)
"""
EXPIRED_RESERVATIONS = f"""
    update reservations as r set status = 'expired'
    from unnest($1::uuid[], $2::text[], $3::text[]) as shelf (business_id, sku, location)
    where r.business_id = shelf.business_id and r.sku = shelf.sku and r.location = shelf.location
        and r.status = 'active' and r.expires_at <= now() and r.id <> all ($4::uuid[])
    returning {RESERVATION.replace("r.status", "old.status")}
"""
OTHER_SHELF = """
    select 1
    from unnest($1::uuid[], $2::text[]) as wanted (business_id, sku)
    join stock s on s.business_id = wanted.business_id and s.sku = wanted.sku
    where (s.business_id, s.sku, s.location) not in (select * from unnest($3::uuid[], $4::text[], $5::text[]))
    limit 1
"""
# Only to find out what to look at: whether a reservation has run out is judged again under its shelf's lock.
DUE_SHELVES = """
    select business_id, sku, location from reservations where status = 'active' and expires_at <= now()
    order by expires_at
    limit $1
"""
FREE_SHELVES = """
    select s.business_id, s.sku, s.location, s.on_hand, s.reserved
    from unnest($1::uuid[], $2::text[], $3::text[]) as due (business_id, sku, location)
    join stock s on s.business_id = due.business_id and s.sku = due.sku and s.location = due.location
    order by s.business_id, s.sku, s.location
    for update of s skip locked
"""
# What an active reservation past its time holds is not reserved, though the counter still has it until the sweep.
RESERVED = """
    select shelf.business_id, shelf.sku, shelf.location, coalesce(sum(r.qty - r.qty_fulfilled), 0)
    from unnest($1::uuid[], $2::text[], $3::text[]) as shelf (business_id, sku, location)
    left join reservations r on r.business_id = shelf.business_id and r.sku = shelf.sku and r.location = shelf.location
        and r.status = 'active' and r.expires_at > now()
    group by shelf.business_id, shelf.sku, shelf.location
"""
NEW_SHELVES = """
    insert into stock (business_id, sku, location, on_hand, reserved)
    select business_id, sku, location, 0, 0
    from unnest($1::uuid[], $2::text[], $3::text[]) as shelf (business_id, sku, location)
    on conflict do nothing
"""
NEXT_RELEASES = """
    select wanted.n, min(next.expires_at)
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
        with ordinality as wanted (business_id, sku, type, scope, ref, n)
    join stock s on s.business_id = wanted.business_id and s.sku = wanted.sku
    cross join lateral (
        select r.expires_at from reservations r
        where r.business_id = s.business_id and r.sku = s.sku and r.location = s.location
            and r.status = 'active' and r.expires_at > now()
            and (r.owner_type, r.owner_scope, r.owner_ref) <> (wanted.type, wanted.scope, wanted.ref)
        order by r.expires_at
        limit 1
    ) as next
    group by wanted.n
"""
MAKE_RESERVATIONS = """
    insert into reservations (
        business_id, id, owner_type, owner_scope, owner_ref, sku, location, qty, qty_fulfilled, status, order_ref,
        created_at, expires_at, fulfilled_at, released_at
    )
    select * from unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::numeric[], $9::numeric[],
        $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[]
    )
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
COUNT_STOCK = """
    update stock as s set on_hand = s.on_hand + c.on_hand, reserved = s.reserved + c.reserved
    from unnest($1::uuid[], $2::text[], $3::text[], $4::numeric[], $5::numeric[])
        as c (business_id, sku, location, on_hand, reserved)
    where s.business_id = c.business_id and s.sku = c.sku and s.location = c.location
"""
RECORD_MOVEMENTS = """
    insert into movements (
        business_id, id, type, sku, location, qty_delta, reference, reason, unit_cost_q, lot, expiry_date, supplier,
        actor, created_at
    )
    select m.*, $13::text, $14::timestamptz
    from unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::numeric[], $7::text[], $8::text[], $9::bigint[],
        $10::text[], $11::date[], $12::text[]
    ) as m
"""


async def lock_shelves(tx: Tx, skus: Collection[Sku]) -> Shelves:
    """Locks all shelves of the SKUs; a SKU that is unknown or lies nowhere has none."""
    if not skus:
        return Shelves(())
    rows = await tx.connection.fetch(LOCKED_SHELVES, *columns(sorted(skus)))
    return Shelves(Shelf(*row) for row in rows)


async def make_shelves(tx: Tx, keys: Sequence[Key]) -> None:
    """Makes those shelves, sorted, that do not exist yet; product and location must."""
    await tx.connection.execute(NEW_SHELVES, *columns(keys))


async def reserved(tx: Tx, keys: Collection[Key]) -> dict[Key, Decimal]:
    """Returns how many units on each shelf are held by reservations that have not run out."""
    return {Key(*row[:3]): row[3] for row in await tx.connection.fetch(RESERVED, *columns(keys))}


async def lock_reservations(tx: Tx, ids: Collection[tuple[UUID, UUID]]) -> tuple[dict[UUID, Reservation], Shelves]:
    """Locks reservations, given as business and id, and their shelves; returns those that exist, by id."""
    if not ids:
        return {}, Shelves(())
    rows = await tx.connection.fetch(LOCKED_RESERVATIONS, *columns(ids))
    found = (Reservation(*row[5:]) for row in rows)
    return {each.id: each for each in found}, Shelves(map(_bare, rows))


async def held_by(tx: Tx, owners: Collection[Owner]) -> dict[Owner, list[Reservation]]:
    """Returns the active and committed reservations of owners, oldest first."""
    found: dict[Owner, list[Reservation]] = {}
    if not owners:
        return found
    for row in await tx.connection.fetch(HELD_BY_OWNERS, *columns(owners)):
        reservation = Reservation(*row)
        found.setdefault(reservation.owner, []).append(reservation)
    return found


async def due(tx: Tx, limit: int) -> list[Key]:
    """Returns the shelves of the reservations that ran out first, one for each reservation."""
    return [Key(*row) for row in await tx.connection.fetch(DUE_SHELVES, limit)]


async def lock_free_shelves(tx: Tx, keys: Collection[Key]) -> Shelves:
    """Locks those of the shelves that nobody else has locked."""
    if not keys:
        return Shelves(())
    return Shelves(map(_bare, await tx.connection.fetch(FREE_SHELVES, *columns(sorted(set(keys))))))


async def active_of(tx: Tx, owner_type: str, owner_ref: str) -> list[tuple[UUID, UUID]]:
    """Returns business and id of what an owner holds; of a session in any channel, or in the one named before a slash."""
    scope, _, ref = owner_ref.partition("/")
    rows = await tx.connection.fetch(ACTIVE_OF_OWNER, tx.business, owner_type, owner_ref, scope, ref)
    return [(business, identifier) for business, identifier in rows]


async def expire(tx: Tx, book: Book, shelves: Shelves, keys: Collection[Key], keep: Collection[UUID] = ()) -> bool:
    """Ends reservations on locked shelves whose time is up, but those to keep; tells whether that freed anything."""
    if not keys:
        return False
    rows = await tx.connection.fetch(EXPIRED_RESERVATIONS, *columns(sorted(keys)), list(keep))
    for reservation in (Reservation(*row) for row in rows):
        book.reserved[reservation.key] -= reservation.held
        shelves.free[reservation.key] += reservation.held
    return bool(rows)


async def other_shelf(tx: Tx, skus: Collection[Sku], shelves: Shelves) -> bool:
    """Tells whether there is a shelf of the SKUs that is not among the locked ones."""
    return bool(await tx.connection.fetch(OTHER_SHELF, *columns(skus), *columns(shelves.known)))


async def next_releases(tx: Tx, wanted: Collection[tuple[Sku, Owner]]) -> dict[tuple[Sku, Owner], datetime]:
    """Returns when the next hold of a SKU by anybody but the owner runs out, where there is one."""
    pairs = list(wanted)
    rows = await tx.connection.fetch(NEXT_RELEASES, *columns((*sku, *owner[1:]) for sku, owner in pairs))
    return {pairs[n - 1]: at for n, at in rows}


def write(tx: Tx, book: Book) -> None:
    """Writes the book at the end of the transaction, everything in one round trip."""
    if book.made:
        tx.later(MAKE_RESERVATIONS, *columns(book.made))
    if book.changed:
        tx.later(CHANGE_RESERVATIONS, *columns(_changes(book.changed)))
    if book.moved:
        rows = [(m.key.business, uuid7(), m.type, m.key.sku, m.key.location, *m[2:]) for m in book.moved]
        tx.later(RECORD_MOVEMENTS, *columns(rows), tx.actor, tx.now)
    if counted := [row for row in _counts(book) if row[3] or row[4]]:
        tx.later(COUNT_STOCK, *columns(counted))


def _bare(row: asyncpg.Record) -> Shelf:
    """Returns a shelf without the rules of its product: what was promised before them must be kept."""
    return Shelf(*row[:5], FINEST, True, True, 0)


def _counts(book: Book) -> Iterable[tuple[UUID, str, str, Decimal, Decimal]]:
    for key in book.on_hand.keys() | book.reserved.keys():
        yield *key, book.on_hand[key], book.reserved[key]


def _changes(changed: Iterable[Reservation]) -> list[tuple[Any, ...]]:
    return [
        (r.business, r.id, r.qty, r.qty_fulfilled, r.status, r.order_ref, r.expires_at, r.fulfilled_at, r.released_at)
        for r in changed
    ]
