"""Lots: whoever holds the lock of a shelf may change its lots."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from inventory.domain.book import Movement
from inventory.domain.lot import Lot, Taken
from inventory.domain.reservation import Reservation
from inventory.domain.stock import Key
from inventory.store.businesses import today
from inventory.store.columns import columns
from kit.db import Tx

LOT = ", ".join(f"l.{name}" for name in ("business_id", *Lot._fields[1:]))
"""The columns of a lot, in the order of the domain's fields."""

LEFT = f"""
    select shelf.business_id, {today("shelf.business_id")}, {LOT}
    from unnest($1::uuid[], $2::text[], $3::text[]) as shelf (business_id, sku, location)
    left join lots l on l.business_id = shelf.business_id and l.sku = shelf.sku and l.location = shelf.location
        and l.qty_left > 0
"""
TAKEN = f"""
    select m.reference, -sum(m.qty_delta), {LOT}
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as asked (business_id, sku, location, reference)
    join movements m on m.business_id = asked.business_id and m.reference = asked.reference and m.reference <> ''
        and m.sku = asked.sku and m.location = asked.location
    join lots l on l.business_id = m.business_id and l.id = m.lot_id
    group by m.reference, l.business_id, l.id
    having sum(m.qty_delta) < 0
    order by m.reference, l.expiry_date desc nulls first, l.id
"""
LEFT_FOR = """
    select sku, location, type, qty_delta, reference, reason, unit_cost_q, lot, expiry_date, supplier, lot_id
    from movements
    where business_id = $1 and reference = $2 and reference <> '' and type = 'commit'
    order by created_at, id
"""
PICKS = """
    select type, qty_delta, reference, reason, unit_cost_q, lot, expiry_date, supplier, lot_id
    from movements
    where business_id = $1 and reference = $2 and reference <> '' and sku = $3 and location = $4 and type = 'commit'
        and lot_id is not null
    order by created_at, id
"""


async def left(tx: Tx, keys: Collection[Key]) -> tuple[dict[UUID, date], list[Lot]]:
    """Returns today's date at each business, and those lots of locked shelves of which something is left."""
    rows = await tx.connection.fetch(LEFT, *columns(keys))
    return {row[0]: row[1] for row in rows}, [Lot(*row[2:]) for row in rows if row[2]]


async def taken(tx: Tx, wanted: Collection[tuple[Key, str]]) -> dict[tuple[Key, str], list[Taken]]:
    """Returns which units of which lots left shelves for a reference and have not come back; what expires last stands first."""
    found: dict[tuple[Key, str], list[Taken]] = {}
    if wanted:
        for reference, qty, *row in await tx.connection.fetch(TAKEN, *columns((*key, ref) for key, ref in wanted)):
            lot = Lot(*row)
            found.setdefault((lot.key, reference), []).append(Taken(lot, qty))
    return found


async def picks(tx: Tx, reservation: Reservation) -> list[Movement]:
    """Returns the movements of a reservation's units that came from lots; what left for the same order stands together."""
    reference = reservation.order_ref or str(reservation.id)
    key = reservation.key
    rows = await tx.connection.fetch(PICKS, key.business, reference, key.sku, key.location)
    return [Movement(key, *row) for row in rows]


async def left_for(tx: Tx, reference: str) -> list[Movement]:
    """Returns the movements of units of the caller's business that left under a reference."""
    rows = await tx.connection.fetch(LEFT_FOR, tx.business, reference)
    return [Movement(Key(tx.business, *row[:2]), *row[2:]) for row in rows]
