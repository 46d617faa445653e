"""Levels, movements, and what could be reserved now. What an active reservation past its time holds is free."""

from datetime import UTC

from comanda.inventory.v1 import stock_pb2
from inventory.messages import stock as messages
from inventory.messages.values import short
from kit import pages
from kit.db import Tx

RUN_OUT = """
    left join lateral (
        select sum(r.qty - r.qty_fulfilled) as qty from reservations r
        where r.business_id = s.business_id and r.sku = s.sku and r.location = s.location and r.status = 'active'
            and r.expires_at <= now()
    ) as run_out on true
"""
MATCHING_STOCK = """
    where s.business_id = $1 and (cardinality($2::text[]) = 0 or s.sku = any($2::text[]))
        and (cardinality($3::text[]) = 0 or s.location = any($3::text[]))
"""
STOCK = f"""
    select s.sku, s.location, s.on_hand, s.reserved - coalesce(run_out.qty, 0) as reserved
    from stock s {RUN_OUT} {MATCHING_STOCK} and (s.sku, s.location) > ($4::text, $5::text)
    order by s.sku, s.location
    limit $6
"""
COUNT_STOCK = f"select count(*) from stock s {MATCHING_STOCK}"
AVAILABILITY = f"""
    select wanted.sku, coalesce(s.location, ''), coalesce(s.on_hand, 0),
        coalesce(s.reserved - coalesce(run_out.qty, 0) - coalesce(own.qty, 0), 0),
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
MOVEMENTS = """
    select id, type, sku, location, qty_delta, reference, reason, unit_cost_q, lot, expiry_date, supplier, actor, created_at
    from movements
    where business_id = $1 and (cardinality($2::text[]) = 0 or sku = any($2::text[]))
        and (cardinality($3::text[]) = 0 or location = any($3::text[]))
        and (cardinality($4::text[]) = 0 or type = any($4::text[]))
        and ($5 = '' or reference = $5)
        and ($6::timestamptz is null or created_at >= $6) and ($7::timestamptz is null or created_at < $7)
        and id < $8
    order by id desc
    limit $9
"""


async def levels(tx: Tx, request: stock_pb2.ListStockRequest) -> stock_pb2.ListStockResponse:
    """Returns a page of levels by SKU and location; raises Invalid for a bad token."""
    matching = (tx.business, list(request.sku), list(request.location))
    after, size = pages.key(request.page_token, "", ""), request.page_size or pages.SIZE
    rows, token = pages.cut(
        await tx.connection.fetch(STOCK, *matching, *after, size + 1), size, lambda row: (row["sku"], row["location"])
    )
    found = stock_pb2.ListStockResponse(items=[messages.level(*row) for row in rows], next_page_token=token)
    if request.include_total:
        found.total = await tx.connection.fetchval(COUNT_STOCK, *matching)
    return found


async def availability(tx: Tx, request: stock_pb2.GetAvailabilityRequest) -> stock_pb2.GetAvailabilityResponse:
    """Returns what could be reserved now of each SKU, in the order of asking; nothing of what is inactive."""
    kind, _, owner = request.exclude_owner.partition(":")
    scope, _, ref = owner.partition("/")
    skus = list(dict.fromkeys(request.sku))
    rows = await tx.connection.fetch(AVAILABILITY, tx.business, skus, request.location, kind, owner, scope, ref)
    return stock_pb2.GetAvailabilityResponse(items=[messages.level(*row) for row in rows])


async def movements(tx: Tx, request: stock_pb2.ListMovementsRequest) -> stock_pb2.ListMovementsResponse:
    """Returns a page of movements, newest first; raises Invalid for a bad token."""
    rows, token = pages.cut(
        await tx.connection.fetch(
            MOVEMENTS,
            tx.business,
            list(request.sku),
            list(request.location),
            [short(stock_pb2.MovementType, kind) for kind in request.type],
            request.reference,
            getattr(request, "from").ToDatetime(UTC) if request.HasField("from") else None,
            request.to.ToDatetime(UTC) if request.HasField("to") else None,
            pages.before(request.page_token),
            (request.page_size or pages.SIZE) + 1,
        ),
        request.page_size or pages.SIZE,
        lambda row: (str(row["id"]),),
    )
    return stock_pb2.ListMovementsResponse(items=map(messages.movement, rows), next_page_token=token)
