"""Returns whose units were put back, each once, and where the units of orders had left from."""

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal
from uuid import UUID

from inventory.domain.order import Order, Restock
from inventory.domain.stock import Key
from inventory.store.columns import columns
from kit.db import Tx

CLAIMED = """
    insert into restocks (business_id, return_number, order_ref)
    select * from unnest($1::uuid[], $2::text[], $3::text[])
    on conflict do nothing returning business_id, return_number
"""
UNCLAIM = """delete from restocks using unnest($1::uuid[], $2::text[]) as failed (business_id, return_number)
    where restocks.business_id = failed.business_id and restocks.return_number = failed.return_number"""
# Units of an order leave under its ref, and come back under it or under the numbers of its returns.
LEFT = """
    with refs as (
        select business_id, order_ref, order_ref as reference from unnest($1::uuid[], $2::text[]) as o (business_id, order_ref)
        union
        select r.business_id, r.order_ref, r.return_number
        from unnest($1::uuid[], $2::text[]) as o (business_id, order_ref) join restocks r using (business_id, order_ref)
    )
    select refs.order_ref, m.business_id, m.sku, m.location, -sum(m.qty_delta) as qty
    from refs join movements m on m.business_id = refs.business_id and m.reference = refs.reference
    where m.type in ('commit', 'return') and m.reference <> ''
    group by 1, 2, 3, 4 having sum(m.qty_delta) < 0
"""


async def claim(tx: Tx, restocks: Collection[Restock]) -> set[tuple[UUID, str]]:
    """Locks returns, and tells which of them (business and number) have not been put back before."""
    rows = columns(sorted((each.order.business, each.number, each.order.ref) for each in restocks))
    return {tuple(row) for row in await tx.connection.fetch(CLAIMED, *rows)}


async def unclaim(tx: Tx, restocks: Collection[Restock]) -> None:
    """Takes the mark back from returns whose units could not be put back."""
    if restocks:
        await tx.connection.execute(UNCLAIM, *columns((each.order.business, each.number) for each in restocks))


async def left(tx: Tx, orders: Collection[Order]) -> dict[Order, dict[Key, Decimal]]:
    """Returns how many units each order still has, by the shelves that they left."""
    found: defaultdict[Order, dict[Key, Decimal]] = defaultdict(dict)
    for ref, business, sku, location, qty in await tx.connection.fetch(LEFT, *columns(sorted(orders))):
        found[Order(business, ref)][Key(business, sku, location)] = qty
    return found
