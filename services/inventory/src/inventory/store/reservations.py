"""Reservations: found, and locked together with their shelves, which come first."""

from collections.abc import Collection
from uuid import UUID

from inventory.domain.reservation import Owner, Reservation
from inventory.domain.stock import Shelves
from inventory.store.columns import columns
from inventory.store.shelves import bare
from kit.db import Tx

RESERVATION = ", ".join(f"r.{name}" for name in ("business_id", *Reservation._fields[1:]))
"""The columns of a reservation, in the order of the domain's fields."""

# A shelf before its reservations: whoever holds a shelf may change its reservations. Where a reservation is over, all shelves
# of its SKU come along, so that its units can be taken anew.
LOCKED_RESERVATIONS = f"""
    select s.business_id, s.sku, s.location, s.on_hand, s.reserved, s.has_lots, {RESERVATION}
    from unnest($1::uuid[], $2::uuid[]) as wanted (business_id, id)
    join reservations r on r.business_id = wanted.business_id and r.id = wanted.id
    join stock s on s.business_id = r.business_id and s.sku = r.sku
        and (s.location = r.location or r.status <> 'active')
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
LOCKED_OWNER = "select pg_advisory_xact_lock(hashtextextended($1, 0))"
OWNED = """
    select business_id, id from reservations
    where business_id = $1 and owner_type = $2 and status in ('active', 'committed')
        and (owner_ref = $3 or owner_type = 'session' and owner_scope = $4 and owner_ref = $5)
"""


async def lock_reservations(tx: Tx, ids: Collection[tuple[UUID, UUID]]) -> tuple[dict[UUID, Reservation], Shelves]:
    """Locks reservations, given as business and id, and their shelves; returns those that exist, by id."""
    if not ids:
        return {}, Shelves(())
    rows = await tx.connection.fetch(LOCKED_RESERVATIONS, *columns(ids))
    found = (Reservation(*row[6:]) for row in rows)
    return {each.id: each for each in found}, Shelves(map(bare, rows))


async def held_by(tx: Tx, owners: Collection[Owner]) -> dict[Owner, list[Reservation]]:
    """Returns the active and committed reservations of owners, oldest first."""
    found: dict[Owner, list[Reservation]] = {}
    if not owners:
        return found
    for row in await tx.connection.fetch(HELD_BY_OWNERS, *columns(owners)):
        reservation = Reservation(*row)
        found.setdefault(reservation.owner, []).append(reservation)
    return found


async def owned_by(tx: Tx, owner_type: str, owner_ref: str) -> list[tuple[UUID, UUID]]:
    """Returns business and id of what an owner holds, or held until it left; before a slash may stand a session's channel."""
    scope, _, ref = owner_ref.partition("/")
    rows = await tx.connection.fetch(OWNED, tx.business, owner_type, owner_ref, scope, ref)
    return [(business, identifier) for business, identifier in rows]


async def lock_owner(tx: Tx, owner: Owner) -> None:
    """Lets nobody else replace what the owner holds until the transaction ends; before any shelf is locked."""
    await tx.connection.execute(LOCKED_OWNER, "/".join(map(str, owner)))
