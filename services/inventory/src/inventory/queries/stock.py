"""Levels, movements, and what could be reserved now. What an active reservation past its time holds is free."""

from datetime import UTC

import asyncpg

from comanda.inventory.v1 import stock_pb2
from inventory.domain.stock import Key, Level
from inventory.messages import stock as messages
from inventory.messages.values import short
from kit import pages
from kit.db import Tx
from kit.errors import Invalid
from kit.filters import matching

RUN_OUT = """
    left join lateral (
        select sum(r.qty - r.qty_fulfilled) as qty from reservations r
        where r.business_id = s.business_id and r.sku = s.sku and r.location = s.location and r.status = 'active'
            and r.expires_at <= now()
    ) as run_out on true
"""
LEVEL = "coalesce(s.safety_stock, l.safety_stock, 0), coalesce(s.backorder_limit, 0), s.reorder_point"
STOCK = f"""
    select s.sku, s.location, s.on_hand, s.reserved - coalesce(run_out.qty, 0) as reserved, {LEVEL}
    from stock s
    join locations l on l.business_id = s.business_id and l.code = s.location
    {RUN_OUT}
"""
BELOW_REORDER_POINT = "(s.on_hand - s.reserved + coalesce(run_out.qty, 0) <= s.reorder_point) = ?"
AVAILABILITY = f"""
    select wanted.sku, coalesce(s.location, ''), coalesce(s.on_hand, 0),
        coalesce(s.reserved - coalesce(run_out.qty, 0) - coalesce(own.qty, 0), 0), {LEVEL},
        coalesce(p.is_active and l.is_active, false)
    from unnest($2::text[]) with ordinality as wanted (sku, position)
    left join (
        stock s
        join products p on p.business_id = s.business_id and p.sku = s.sku
        join locations l on l.business_id = s.business_id and l.code = s.location
    ) on s.business_id = $1 and s.sku = wanted.sku and ($3 = '' or s.location = $3)
    {RUN_OUT}
    left join lateral (
        select sum(r.qty - r.qty_fulfilled) as qty from reservations r
        where r.business_id = s.business_id and r.sku = s.sku and r.location = s.location and r.status = 'active'
            and r.expires_at > now() and r.owner_type = $4
            and (r.owner_ref = $5 or r.owner_type = 'session' and r.owner_scope = $6 and r.owner_ref = $7)
    ) as own on $4 <> ''
    order by wanted.position, s.location
"""
MOVED = """(
    select sum(m.qty_delta) from movements m
    where m.business_id = s.business_id and m.sku = s.sku and m.location = s.location and m.created_at <= ?
)"""
MOVEMENTS = """
    select id, type, sku, location, qty_delta, reference, reason, unit_cost_q, lot, expiry_date, supplier, actor, created_at,
        lot_id
    from movements
"""


async def levels(tx: Tx, request: stock_pb2.ListStockRequest) -> stock_pb2.ListStockResponse:
    """Returns a page of levels by SKU and location; raises Invalid for a bad token."""
    where, values = matching(
        ("s.business_id = ?", tx.business),
        ("s.sku = any(?::text[])", list(request.sku)),
        ("s.location = any(?::text[])", list(request.location)),
        (BELOW_REORDER_POINT, request.below_reorder_point or None),
    )
    after, n = pages.key(request.page_token, "", ""), len(values)
    page = f"{STOCK} {where} and (s.sku, s.location) > (${n + 1}, ${n + 2}) order by s.sku, s.location limit ${n + 3}"
    rows, token = await pages.page(tx, request, page, (*values, *after), _by_shelf)
    items = [messages.level(_level(tx, row)) for row in rows]
    total = await pages.total(tx, request, f"select count(*) from ({STOCK} {where}) as found", values)
    return stock_pb2.ListStockResponse(items=items, next_page_token=token, total=total)


async def levels_as_of(tx: Tx, request: stock_pb2.ListStockRequest) -> stock_pb2.ListStockResponse:
    """Returns a page of what lay on the shelves at an instant, by SKU and location; raises Invalid.

    A transaction that was writing at that instant may still be under way: of the last seconds the answer may change.
    """
    if request.below_reorder_point:
        raise Invalid("invalid_filter", name="below_reorder_point")
    where, values = matching(
        ("s.business_id = ?", tx.business),
        ("s.sku = any(?::text[])", list(request.sku)),
        ("s.location = any(?::text[])", list(request.location)),
    )
    arguments = (*values, *pages.key(request.page_token, "", ""), request.as_of.ToDatetime(UTC))
    n = len(values)
    page = f"""
        select s.sku, s.location, coalesce({MOVED.replace("?", f"${n + 3}")}, 0) from stock s
        {where} and (s.sku, s.location) > (${n + 1}, ${n + 2})
        order by s.sku, s.location limit ${n + 4}
    """
    rows, token = await pages.page(tx, request, page, arguments, _by_shelf)
    items = [messages.past_level(*row) for row in rows]
    total = await pages.total(tx, request, f"select count(*) from stock s {where}", values)
    return stock_pb2.ListStockResponse(items=items, next_page_token=token, total=total)


async def availability(tx: Tx, request: stock_pb2.GetAvailabilityRequest) -> stock_pb2.GetAvailabilityResponse:
    """Returns what could be reserved now of each SKU, in the order of asking; nothing of what is inactive."""
    kind, _, owner = request.exclude_owner.partition(":")
    scope, _, ref = owner.partition("/")
    skus = list(dict.fromkeys(request.sku))
    rows = await tx.connection.fetch(AVAILABILITY, tx.business, skus, request.location, kind, owner, scope, ref)
    return stock_pb2.GetAvailabilityResponse(items=[messages.level(_level(tx, row), row[-1]) for row in rows])


def _by_shelf(row: asyncpg.Record) -> tuple[str, str]:
    return row["sku"], row["location"]


def _level(tx: Tx, row: asyncpg.Record) -> Level:
    return Level(Key(tx.business, row[0], row[1]), *row[2:7])


async def movements(tx: Tx, request: stock_pb2.ListMovementsRequest) -> stock_pb2.ListMovementsResponse:
    """Returns a page of movements, newest first; raises Invalid for a bad token."""
    where, values = matching(
        ("business_id = ?", tx.business),
        ("sku = any(?::text[])", list(request.sku)),
        ("location = any(?::text[])", list(request.location)),
        ("type = any(?::text[])", [short(stock_pb2.MovementType, each) for each in request.type]),
        ("reference = ? and reference <> ''", request.reference),
        ("created_at >= ?", getattr(request, "from").ToDatetime(UTC) if request.HasField("from") else None),
        ("created_at < ?", request.to.ToDatetime(UTC) if request.HasField("to") else None),
    )
    rows, token = await pages.newest(tx, request, MOVEMENTS, where, values)
    return stock_pb2.ListMovementsResponse(items=map(messages.movement, rows), next_page_token=token)
