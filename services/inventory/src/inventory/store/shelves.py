"""Shelves: locked in the order of their keys, and cleared of holds that have run out. Session and order rows are locked before."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from decimal import Decimal
from uuid import UUID

import asyncpg

from comanda.inventory.events.v1.events_pb2 import ExpiredReservation, ReservationsExpired
from inventory.domain.book import Book
from inventory.domain.quantity import FINEST, printed
from inventory.domain.reservation import Owner
from inventory.domain.stock import Key, Settings, Shelf, Shelves, Sku
from inventory.messages.values import instant
from inventory.store.columns import columns
from kit import outbox
from kit.db import Tx

# Outer joins, though both sides exist: they keep the planner from walking all locations for every SKU.
SHELVES = """
    select s.business_id, s.sku, s.location, s.on_hand, s.reserved, p.step, p.is_active, l.is_active, l.priority,
        coalesce(s.safety_stock, l.safety_stock), s.backorder_limit, s.reorder_point, s.has_lots, p.allocation
    from {wanted}
    join stock s on s.business_id = wanted.business_id and s.sku = wanted.sku
    left join products p on p.business_id = s.business_id and p.sku = s.sku
    left join locations l on l.business_id = s.business_id and l.code = s.location
    order by s.business_id, s.sku, s.location
    for update of s
"""
WANTED = "unnest($1::uuid[], $2::text[]) as wanted (business_id, sku)"
LOCKED_SHELVES = SHELVES.format(wanted=WANTED)
WANTED_OR_HELD = """owner
    cross join (
        select business_id, sku from unnest($1::uuid[], $2::text[]) as asked (business_id, sku)
        union
        select business_id, sku from reservations
        where business_id = $4 and owner_type = $5 and owner_scope = $6 and owner_ref = $7 and status in ('active', 'committed')
    ) as wanted"""
# No shelf is locked before the owner is, and nobody else replaces what he holds until the transaction ends.
OWNERS_LOCKED_SHELVES = f"""
    with owner as materialized (select pg_advisory_xact_lock(hashtextextended($3, 0)))
    {SHELVES.format(wanted=WANTED_OR_HELD)}
"""
FREE_SHELVES = """
    select s.business_id, s.sku, s.location, s.on_hand, s.reserved, s.has_lots
    from unnest($1::uuid[], $2::text[], $3::text[]) as due (business_id, sku, location)
    join stock s on s.business_id = due.business_id and s.sku = due.sku and s.location = due.location
    order by s.business_id, s.sku, s.location
    for update of s skip locked
"""
SETTINGS = """
    select reorder_point, safety_stock, backorder_limit from stock where business_id = $1 and sku = $2 and location = $3
"""
NEW_SHELVES = """
    insert into stock (business_id, sku, location, on_hand, reserved)
    select business_id, sku, location, 0, 0
    from unnest($1::uuid[], $2::text[], $3::text[]) as shelf (business_id, sku, location)
    on conflict do nothing
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
    select business_id, sku, location from reservations
    where status = 'active' and expires_at <= now() and ($2::uuid is null or business_id = $2)
    order by expires_at
    limit $1
"""
DUE = """
    select count(*) from reservations
    where status = 'active' and expires_at <= now() and ($1::uuid is null or business_id = $1)
"""
EXPIRED_RESERVATIONS = """
    update reservations as r set status = 'expired'
    from unnest($1::uuid[], $2::text[], $3::text[]) as shelf (business_id, sku, location)
    where r.business_id = shelf.business_id and r.sku = shelf.sku and r.location = shelf.location
        and r.status = 'active' and r.expires_at <= now() and r.id <> all ($4::uuid[])
    returning r.business_id, r.sku, r.location, r.qty - r.qty_fulfilled, r.id, r.owner_type, r.owner_scope, r.owner_ref,
        r.expires_at
"""
# What an active reservation past its time holds is not reserved, though the counter still has it until the sweep.
RESERVED = """
    select shelf.business_id, shelf.sku, shelf.location, coalesce(sum(r.qty - r.qty_fulfilled), 0)
    from unnest($1::uuid[], $2::text[], $3::text[]) as shelf (business_id, sku, location)
    left join reservations r on r.business_id = shelf.business_id and r.sku = shelf.sku and r.location = shelf.location
        and r.status = 'active' and r.expires_at > now()
    group by shelf.business_id, shelf.sku, shelf.location
"""


async def lock_shelves(tx: Tx, skus: Collection[Sku]) -> Shelves:
    """Locks all shelves of the SKUs; a SKU that is unknown or lies nowhere has none."""
    if not skus:
        return Shelves(())
    rows = await tx.connection.fetch(LOCKED_SHELVES, *columns(sorted(skus)))
    return Shelves(Shelf(*row) for row in rows)


async def lock_for_owner(tx: Tx, owner: Owner, skus: Collection[Sku]) -> Shelves:
    """Locks an owner, and then all shelves of the SKUs and of what he holds."""
    name = "/".join(map(str, owner))
    asked = columns(sorted(skus)) if skus else [[], []]
    return Shelves(Shelf(*row) for row in await tx.connection.fetch(OWNERS_LOCKED_SHELVES, *asked, name, *owner))


async def lock_free_shelves(tx: Tx, keys: Collection[Key]) -> Shelves:
    """Locks those of the shelves that nobody else has locked."""
    if not keys:
        return Shelves(())
    return Shelves(map(bare, await tx.connection.fetch(FREE_SHELVES, *columns(sorted(set(keys))))))


def bare(row: asyncpg.Record) -> Shelf:
    """Returns a shelf without the rules of its product: what was promised before them must be kept."""
    business, sku, location, on_hand, reserved, has_lots = row[:6]
    return Shelf(
        business, sku, location, on_hand, reserved, FINEST, product_active=True, location_active=True, priority=0,
        has_lots=has_lots,
    )  # fmt: skip


async def make_shelves(tx: Tx, keys: Sequence[Key]) -> None:
    """Makes those shelves, sorted, that do not exist yet; product and location must."""
    await tx.connection.execute(NEW_SHELVES, *columns(keys))


async def settings(tx: Tx, key: Key) -> Settings:
    """Returns the settings of a shelf that exists."""
    [row] = await tx.connection.fetch(SETTINGS, *key)
    return Settings(*row)


async def other_shelf(tx: Tx, skus: Collection[Sku], shelves: Shelves) -> bool:
    """Tells whether there is a shelf of the SKUs that is not among the locked ones."""
    return bool(await tx.connection.fetch(OTHER_SHELF, *columns(skus), *columns(shelves.known)))


async def due_shelves(tx: Tx, limit: int, business: UUID | None = None) -> list[Key]:
    """Returns the shelves of the reservations, of one business or all, that ran out first, one for each reservation."""
    return [Key(*row) for row in await tx.connection.fetch(DUE_SHELVES, limit, business)]


async def due(tx: Tx, business: UUID | None) -> int:
    """Returns how many reservations, of one business or all, have run out and are not ended."""
    return int(await tx.connection.fetchval(DUE, business))


async def expire(tx: Tx, book: Book, shelves: Shelves, keys: Collection[Key], keep: Collection[UUID] = ()) -> int:
    """Ends reservations on locked shelves whose time is up, but those to keep, and publishes that; returns how many."""
    if not keys:
        return 0
    rows = await tx.connection.fetch(EXPIRED_RESERVATIONS, *columns(sorted(keys)), list(keep))
    lines: defaultdict[Owner, list[ExpiredReservation]] = defaultdict(list)
    for business, sku, location, held, identifier, *owner, expired_at in rows:
        key = Key(business, sku, location)
        book.reserved[key] -= held
        shelves.free[key] += held
        line = ExpiredReservation(
            id=str(identifier), sku=sku, location=location, qty=printed(held), expired_at=instant(expired_at)
        )
        lines[Owner(business, *owner)].append(line)
    for each, expired in lines.items():
        event = ReservationsExpired(
            owner_type=each.type, owner_scope=each.scope, owner_ref=each.ref, reservations=expired
        )
        outbox.add(tx, f"{each.type}/{each.scope}/{each.ref}", event, business=each.business)
    return len(rows)


async def reserved_on(tx: Tx, keys: Collection[Key]) -> dict[Key, Decimal]:
    """Returns how many units on each shelf are held by reservations that have not run out."""
    return {Key(*row[:3]): row[3] for row in await tx.connection.fetch(RESERVED, *columns(keys))}
