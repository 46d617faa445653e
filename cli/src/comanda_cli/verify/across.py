"""What must be true between orders and inventory, which share no database: the answers of both, in the same order, side by side.

The snapshots are taken one after the other, so that something under way looks wrong for a moment; what stays wrong counts.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any
from uuid import UUID

from comanda_cli.verify.check import MOST_ROWS, Check, Connection, Connections, Finding, Row

# The units that an order should have taken from the shelves, as text; null while its directives are under way. One that was
# committed with nothing held for it, on a channel that asks for no stock, takes nothing.
ORDERS = """
    select o.business_id, o.ref, case when w.returned then '' when w.taken and not w.released then i.units end as units
    from orders o
    left join (
        select business_id, order_ref, bool_or(topic = 'stock.commit' and status = 'done' and payload ->> 'holds' <> '[]') as taken,
            bool_or(topic = 'stock.release') as released, bool_or(topic = 'stock.release' and status = 'done') as returned
        from directives where order_ref <> '' group by 1, 2
    ) w on w.business_id = o.business_id and w.order_ref = o.ref
    left join (
        select business_id, order_ref, string_agg(sku || ' × ' || trim_scale(qty), ', ' order by sku collate "C") as units
        from (select business_id, order_ref, sku, sum(qty) as qty from order_items group by 1, 2, 3) as summed
        group by 1, 2
    ) i on i.business_id = o.business_id and i.order_ref = o.ref
    order by o.business_id, o.ref collate "C"
"""
TAKEN = """
    select o.business_id, o.order_ref, coalesce(m.units, '') as units
    from order_stock o
    left join (
        select business_id, reference, string_agg(sku || ' × ' || trim_scale(qty), ', ' order by sku collate "C") as units
        from (
            select business_id, reference, sku, -sum(qty_delta) as qty from movements
            where type in ('commit', 'return') group by 1, 2, 3 having sum(qty_delta) <> 0
        ) as summed
        group by 1, 2
    ) m on m.business_id = o.business_id and m.reference = o.order_ref
    where (o.committed_at is not null or o.released_at is not null or m.units is not null)
        and (o.order_ref like 'sale/%') = {at_the_counter}
    order by o.business_id, o.order_ref collate "C"
"""
# The units that a sale has: those of its items, but for what went back to the shelf. Null while some are on their way.
SALES = """
    select s.business_id, s.stock_ref, case when not exists (
        select from restocks w where w.business_id = s.business_id and w.reference = s.stock_ref
    ) then coalesce(i.units, '') end as units
    from sales s
    left join (
        select business_id, sale_id, string_agg(sku || ' × ' || trim_scale(qty), ', ' order by sku collate "C") as units
        from (
            select i.business_id, i.sale_id, i.sku, sum(i.quantity - coalesce(r.qty, 0)) as qty
            from sale_items i
            left join (
                select r.business_id, r.sale_id, (part ->> 0)::uuid as item_id, sum((part ->> 1)::numeric) as qty
                from refunds r cross join jsonb_array_elements(r.items) as part
                where r.status = 'processed' and (part ->> 2)::boolean group by 1, 2, 3
            ) r on r.business_id = i.business_id and r.sale_id = i.sale_id and r.item_id = i.id
            group by 1, 2, 3 having sum(i.quantity - coalesce(r.qty, 0)) <> 0
        ) as summed
        group by 1, 2
    ) i on i.business_id = s.business_id and i.sale_id = s.id
    where s.stock_ref <> ''
    order by s.business_id, s.stock_ref collate "C"
"""
HELD = """
    select business_id, owner_scope, owner_ref, string_agg(sku || ' × ' || trim_scale(qty), ', ' order by sku) as units
    from reservations
    where status = 'active' and expires_at > now() and owner_type = 'session' and owner_scope <> ''
    group by 1, 2, 3
"""
# Sessions that are over, of those given, and for which no work is queued that would end their holds. An order that nothing
# was to be taken for, on a channel that only checks the stock, leaves its hold to run out.
OVER = """
    select g.business_id, g.channel_code, g.session_key, coalesce(s.state, 'unknown') as state
    from unnest($1::uuid[], $2::text[], $3::text[]) as g (business_id, channel_code, session_key)
    left join sessions s using (business_id, channel_code, session_key)
    where s.state is distinct from 'open'
        and (
            s.state is distinct from 'committed'
            or exists (
                select from directives d
                where d.business_id = g.business_id and d.session_key = g.session_key and d.topic = 'stock.commit'
            )
        )
        and not exists (
            select from directives d
            where d.business_id = g.business_id and d.session_key = g.session_key and d.status in ('queued', 'failed')
        )
"""
END = (UUID(int=2**128 - 1), "\U0010ffff")

Key = tuple[UUID, str]
Entry = tuple[Key, str | None]


def _taken(service: str, wanted: str, *, at_the_counter: bool) -> Callable[[Connections], Awaitable[Finding]]:
    """Returns what compares what a service says should have left with what has."""
    left = TAKEN.format(at_the_counter=at_the_counter)

    async def find(connections: Connections) -> Finding:
        return await _compared(_entries(connections[service], wanted), _entries(connections["inventory"], left))

    return find


async def _compared(orders: AsyncIterator[Entry], shelves: AsyncIterator[Entry]) -> Finding:
    """Walks through both lists at once, so that memory stays flat however many orders there are."""
    checked, wrong = 0, list[Row]()
    order, shelf = await anext(orders), await anext(shelves)
    while (order[0] != END or shelf[0] != END) and len(wrong) < MOST_ROWS:
        key = min(order[0], shelf[0])
        expected, taken = order[1] if order[0] == key else "no such order", shelf[1] if shelf[0] == key else ""
        if expected is not None and expected != taken and (order[0] == key or taken):
            wrong.append(_row(business_id=key[0], order_ref=key[1], should_have_taken=expected, has_taken=taken))
        checked += order[0] == key
        order = await anext(orders) if order[0] == key else order
        shelf = await anext(shelves) if shelf[0] == key else shelf
    return Finding(checked, wrong)


async def _entries(connection: Connection, statement: str) -> AsyncIterator[Entry]:
    async for business, ref, units in connection.cursor(statement, prefetch=1000):
        yield (business, ref), units
    while True:
        yield END, None


async def _held(connections: Connections) -> Finding:
    checked, wrong = 0, list[Row]()
    batch: list[Any] = []
    async for row in connections["inventory"].cursor(HELD, prefetch=1000):
        batch.append(row)
        checked += 1
        if len(batch) == MOST_ROWS:
            wrong += await _over(connections["orders"], batch)
            batch = []
    wrong += await _over(connections["orders"], batch)
    return Finding(checked, wrong[:MOST_ROWS])


async def _over(orders: Connection, held: Iterable[Any]) -> list[Row]:
    units = {(row["business_id"], row["owner_scope"], row["owner_ref"]): row["units"] for row in held}
    columns: list[list[Any]] = [[key[index] for key in units] for index in range(3)]
    rows = await orders.fetch(OVER, *columns)
    return [(*row.items(), ("still_holds", units[(row[0], row[1], row[2])])) for row in rows]


def _row(**values: Any) -> Row:
    return tuple(values.items())


CHECKS = (
    Check(
        "orders and inventory: every order has taken exactly its units, and a cancelled one none",
        ("orders", "inventory"),
        _taken("orders", ORDERS, at_the_counter=False),
        "The directives of the order are done, and the ledger says otherwise: units were taken twice, not at all, or not returned.",
        settles=True,
    ),
    Check(
        "sales and inventory: every sale has taken exactly its units, but for those that came back",
        ("sales", "inventory"),
        _taken("sales", SALES, at_the_counter=True),
        "Units left the shelf for a sale that does not have them, or a sale has units that never left.",
        settles=True,
    ),
    Check(
        "orders and inventory: no session that is over still holds stock",
        ("inventory", "orders"),
        _held,
        "The session became an order or was given up, and nothing is queued that would free its hold before that runs out.",
        settles=True,
    ),
)
