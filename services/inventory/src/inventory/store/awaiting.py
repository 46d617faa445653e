"""Orders that wait for goods. Whoever holds the lock of a shelf may change which orders wait for it."""

from collections.abc import Collection

from inventory.domain.order import Order
from inventory.domain.stock import Key
from inventory.store.columns import columns
from kit.db import Tx

WAIT = """
    insert into awaiting_orders (business_id, sku, location, order_ref, refused_at)
    select *, now() from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
    on conflict do nothing
"""
ARRIVED = """
    with arrived as (
        delete from awaiting_orders as a
        using unnest($1::uuid[], $2::text[], $3::text[]) as shelf (business_id, sku, location)
        where a.business_id = shelf.business_id and a.sku = shelf.sku and a.location = shelf.location
        returning a.business_id, a.order_ref, a.refused_at
    )
    select a.business_id, a.order_ref
    from arrived a left join order_stock o on o.business_id = a.business_id and o.order_ref = a.order_ref
    where o.released_at is null
    group by a.business_id, a.order_ref order by min(a.refused_at), a.order_ref
"""


def wait(tx: Tx, orders: Collection[tuple[Key, Order]]) -> None:
    """Notes which orders wait for units of which locked shelves."""
    if orders:
        tx.later(WAIT, *columns((*key, order.ref) for key, order in orders))


async def arrived(tx: Tx, keys: Collection[Key]) -> list[Order]:
    """Returns the orders that wait for units of locked shelves, who waits longest first, and lets them wait no longer."""
    return [Order(*row) for row in await tx.connection.fetch(ARRIVED, *columns(keys))] if keys else []
