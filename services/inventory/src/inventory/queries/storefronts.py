"""What a storefront has of a SKU, and who holds it (source 003's availability)."""

from comanda.inventory.v1 import stock_pb2
from inventory.domain.quantity import ZERO, printed
from inventory.domain.reservation import CART
from inventory.messages.values import instant
from kit.db import Tx
from kit.errors import NotFound

ON_HAND = """
    select s.on_hand
    from products p
    join locations l on l.business_id = p.business_id and l.code = $2
    left join stock s on s.business_id = p.business_id and s.sku = p.sku and s.location = l.code
    where p.business_id = $1 and p.sku = $3
"""
BATCHES = """
    select l.id, l.lot, l.expiry_date, l.supplier, l.qty_left from lots l
    where l.business_id = $1 and l.location = $2 and l.sku = $3 and l.qty_left > 0
    order by l.expiry_date, l.received_at
    limit 100
"""
HELD = """
    select r.id, r.qty - r.qty_fulfilled as qty, r.owner_type, r.owner_ref, r.expires_at,
        sum(r.qty - r.qty_fulfilled) over () as reserved
    from reservations r
    where r.business_id = $1 and r.location = $2 and r.sku = $3 and r.status = 'active' and r.expires_at > now()
    order by r.expires_at, r.id
    limit 100
"""


async def availability(
    tx: Tx, request: stock_pb2.GetStorefrontAvailabilityRequest
) -> stock_pb2.GetStorefrontAvailabilityResponse:
    """Returns the units of a SKU at a storefront; raises NotFound when either is unknown."""
    place = (tx.business, request.code, request.sku)
    if not (found := await tx.connection.fetchrow(ON_HAND, *place)):
        raise NotFound("not_found", code=request.code, sku=request.sku)
    held = await tx.connection.fetch(HELD, *place)
    on_hand, reserved = found["on_hand"] or ZERO, held[0]["reserved"] if held else ZERO
    return stock_pb2.GetStorefrontAvailabilityResponse(
        total_available=printed(on_hand),
        reserved_quantity=printed(reserved),
        unreserved_quantity=printed(max(on_hand - reserved, ZERO)),
        batches=[
            stock_pb2.StorefrontBatch(
                id=str(row["id"]),
                lot=row["lot"],
                quantity=printed(row["qty_left"]),
                expiry_date=row["expiry_date"].isoformat() if row["expiry_date"] else "",
                supplier=row["supplier"],
            )
            for row in await tx.connection.fetch(BATCHES, *place)
        ],
        reservations=[
            stock_pb2.StorefrontReservation(
                id=str(row["id"]),
                quantity=printed(row["qty"]),
                sale_id=row["owner_ref"] if row["owner_type"] == CART else "",
                owner_type=row["owner_type"],
                owner_ref=row["owner_ref"],
                expires_at=instant(row["expires_at"]),
            )
            for row in held
        ],
    )
