"""Reservations: found, and locked together with their shelves, which come first."""

from collections.abc import Collection, Sequence
from uuid import UUID

from inventory.domain.product import Product
from inventory.domain.reservation import Owner, Reservation, Status
from inventory.domain.stock import Shelves
from inventory.store.catalogue import PRODUCT
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
# Asked for `active` alone, the planner may walk the index of all active reservations instead of the owner's few.
HELD_BY_OWNER = f"""
    select now() as now,
        array(
            select row({RESERVATION}) from reservations r
            where r.business_id = $1 and r.owner_type = $2 and r.owner_scope = $3 and r.owner_ref = $4
                and r.status in ('active', 'committed')
            order by r.id
        ) as held,
        array(select row({PRODUCT}) from products where business_id = $1 and sku = any($5::text[]) order by sku) as products
"""
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


async def held_by_owner(tx: Tx, owner: Owner, skus: Sequence[str]) -> tuple[list[Reservation], list[Product]]:
    """Returns the active reservations of an owner, oldest first, and those of the SKUs that are known; sets the clock."""
    [row] = await tx.connection.fetch(HELD_BY_OWNER, *owner, list(skus))
    tx.now = row["now"]
    held = [Reservation(*each) for each in row["held"]]
    return [each for each in held if each.status == Status.ACTIVE], [Product(*each) for each in row["products"]]
