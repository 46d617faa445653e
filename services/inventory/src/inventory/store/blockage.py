"""Who holds the units that somebody else is short of."""

from collections.abc import Collection

from inventory.domain.blockage import Holder, Lack, Others
from inventory.domain.reservation import Owner
from inventory.store.columns import columns
from kit.db import Tx

SHOWN = 5
"""How many holders a refusal names."""
LOOKED_AT = 100
"""How many holds of a shelf are looked at to find out when there will be enough."""

# Shelf by shelf, since the index has the holds of each in the order in which they run out: a refusal costs no more when a
# hot SKU has thousands of them.
OTHERS = f"""
    select wanted.n, held.rank <= {SHOWN} as shown, held.freed >= wanted.missing as enough,
        wanted.business_id, held.owner_type, held.owner_scope, held.owner_ref, held.qty, held.expires_at
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::numeric[])
        with ordinality as wanted (business_id, sku, location, type, scope, ref, missing, n)
    cross join lateral (
        select r.*, row_number() over first as rank, sum(r.qty) over first as freed
        from stock s
        cross join lateral (
            select r.owner_type, r.owner_scope, r.owner_ref, r.qty - r.qty_fulfilled as qty, r.expires_at, r.id
            from reservations r
            where r.business_id = s.business_id and r.sku = s.sku and r.location = s.location
                and r.status = 'active' and r.expires_at > now()
                and (r.owner_type, r.owner_scope, r.owner_ref) <> (wanted.type, wanted.scope, wanted.ref)
            order by r.expires_at
            limit {LOOKED_AT}
        ) as r
        where s.business_id = wanted.business_id and s.sku = wanted.sku and wanted.location in ('', s.location)
        window first as (order by r.expires_at, r.id)
    ) as held
    where held.rank <= {SHOWN} or held.freed >= wanted.missing and held.freed - held.qty < wanted.missing
    order by wanted.n, held.rank
"""


async def others(tx: Tx, lacks: Collection[Lack]) -> dict[Lack, Others]:
    """Returns who else holds units that are missing; a lack for which nobody does is left out."""
    if not lacks:
        return {}
    asked = list(lacks)
    found: dict[Lack, Others] = {}
    values = columns((*lack.sku, lack.location, *lack.owner[1:], lack.missing) for lack in asked)
    for n, shown, enough, *owner, qty, expires_at in await tx.connection.fetch(OTHERS, *values):
        holders, enough_at = found.get(asked[n - 1], Others())
        if shown:
            holders = [*holders, Holder(Owner(*owner), qty, expires_at)]
        found[asked[n - 1]] = Others(holders, enough_at or (expires_at if enough else None))
    return found
