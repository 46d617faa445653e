"""Who holds the units that somebody else is short of."""

from collections.abc import Collection

from inventory.domain.blockage import Holder, Lack, Others, blocking
from inventory.domain.reservation import Owner
from inventory.store.columns import columns
from kit.db import Tx

LOOKED_AT = 100
"""How many holds of a shelf are looked at."""

# Shelf by shelf, since the index has the holds of each in the order in which they run out; once for all who are short of it. So
# a refusal costs no more when a hot SKU has thousands of holds, nor a batch of refusals more than one.
HOLDS = f"""
    select wanted.n, wanted.business_id, r.owner_type, r.owner_scope, r.owner_ref, r.qty, r.expires_at
    from unnest($1::uuid[], $2::text[], $3::text[]) with ordinality as wanted (business_id, sku, location, n)
    join stock s on s.business_id = wanted.business_id and s.sku = wanted.sku and wanted.location in ('', s.location)
    cross join lateral (
        select r.owner_type, r.owner_scope, r.owner_ref, r.qty - r.qty_fulfilled as qty, r.expires_at, r.id
        from reservations r
        where r.business_id = s.business_id and r.sku = s.sku and r.location = s.location
            and r.status = 'active' and r.expires_at > now()
        order by r.expires_at
        limit {LOOKED_AT}
    ) as r
    order by wanted.n, r.expires_at, r.id
"""


async def others(tx: Tx, lacks: Collection[Lack]) -> dict[Lack, Others]:
    """Returns who else holds units that are missing."""
    if not lacks:
        return {}
    places = list(dict.fromkeys((lack.sku, lack.location) for lack in lacks))
    held: dict[int, list[Holder]] = {n: [] for n in range(len(places))}
    for n, *owner, qty, expires_at in await tx.connection.fetch(
        HOLDS, *columns((*sku, location) for sku, location in places)
    ):
        held[n - 1].append(Holder(Owner(*owner), qty, expires_at))
    by_place = {place: held[n] for n, place in enumerate(places)}
    return {lack: blocking(by_place[lack.sku, lack.location], lack) for lack in lacks}
