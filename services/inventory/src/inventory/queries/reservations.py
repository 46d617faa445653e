"""Reservations, one and many; what is past its time shows as expired."""

from uuid import UUID

from comanda.inventory.v1 import reservations_pb2
from inventory.domain.reservation import Reservation
from inventory.messages import reservations as messages
from inventory.messages.values import short
from inventory.store.reservations import RESERVATION
from kit import pages
from kit.db import Tx
from kit.errors import NotFound

STATUS = "case when r.status = 'active' and r.expires_at <= now() then 'expired' else r.status end"
RESERVATION_NOW = RESERVATION.replace("r.status", STATUS)

ONE = f"select {RESERVATION_NOW} from reservations r where r.business_id = $1 and r.id = $2"
MATCHING = f"""
    from reservations r
    where r.business_id = $1 and ($2 = '' or r.owner_type = $2) and ($3 = '' or r.owner_ref = $3)
        and (cardinality($4::text[]) = 0 or r.sku = any($4::text[]))
        and (cardinality($5::text[]) = 0 or r.location = any($5::text[]))
        and (cardinality($6::text[]) = 0 or {STATUS} = any($6::text[]))
"""
MANY = f"select {RESERVATION_NOW} {MATCHING} and r.id < $7 order by r.id desc limit $8"
COUNT = f"select count(*) {MATCHING}"


async def reservation(tx: Tx, identifier: UUID) -> reservations_pb2.Reservation:
    """Returns one reservation; raises NotFound."""
    if row := await tx.connection.fetchrow(ONE, tx.business, identifier):
        return messages.reservation(Reservation(*row))
    raise NotFound("not_found", id=str(identifier))


async def reservations(
    tx: Tx, request: reservations_pb2.ListReservationsRequest
) -> reservations_pb2.ListReservationsResponse:
    """Returns a page of reservations, newest first; raises Invalid for a bad token."""
    statuses = [short(reservations_pb2.ReservationStatus, status) for status in request.status]
    owner = (messages.owner_type(request.owner_type), request.owner_ref)
    matching = (tx.business, *owner, list(request.sku), list(request.location), statuses)
    size = request.page_size or pages.SIZE
    rows, token = pages.cut(
        await tx.connection.fetch(MANY, *matching, pages.before(request.page_token), size + 1),
        size,
        lambda row: (str(row["id"]),),
    )
    found = reservations_pb2.ListReservationsResponse(
        items=[messages.reservation(Reservation(*row)) for row in rows], next_page_token=token
    )
    if request.include_total:
        found.total = await tx.connection.fetchval(COUNT, *matching)
    return found
