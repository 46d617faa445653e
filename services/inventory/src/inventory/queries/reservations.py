"""Reservations, one and many; what is past its time shows as expired."""

from uuid import UUID

from comanda.inventory.v1 import reservations_pb2
from inventory.domain.reservation import Reservation
from inventory.messages import reservations as messages
from inventory.messages.values import short
from inventory.store.lots import picks
from inventory.store.reservations import RESERVATION
from kit import pages
from kit.db import Tx
from kit.errors import NotFound
from kit.filters import matching

STATUS = "case when r.status = 'active' and r.expires_at <= now() then 'expired' else r.status end"
RESERVATION_NOW = RESERVATION.replace("r.status", STATUS)

ONE = f"select {RESERVATION_NOW} from reservations r where r.business_id = $1 and r.id = $2"


async def reservation(tx: Tx, identifier: UUID) -> reservations_pb2.Reservation:
    """Returns one reservation with the lots that its units came from; raises NotFound."""
    if row := await tx.connection.fetchrow(ONE, tx.business, identifier):
        found = Reservation(*row)
        return messages.reservation(found, await picks(tx, found) if found.qty_fulfilled else ())
    raise NotFound("not_found", id=str(identifier))


async def reservations(
    tx: Tx, request: reservations_pb2.ListReservationsRequest
) -> reservations_pb2.ListReservationsResponse:
    """Returns a page of reservations, newest first; raises Invalid for a bad token."""
    where, values = matching(
        ("r.business_id = ?", tx.business),
        ("r.owner_type = ?", messages.owner_type(request.owner_type)),
        ("r.owner_ref = ?", request.owner_ref),
        ("r.sku = any(?::text[])", list(request.sku)),
        ("r.location = any(?::text[])", list(request.location)),
        (f"{STATUS} = any(?::text[])", [short(reservations_pb2.ReservationStatus, each) for each in request.status]),
    )
    rows, token = await pages.newest(tx, request, f"select {RESERVATION_NOW} from reservations r", where, values)
    items = [messages.reservation(Reservation(*row)) for row in rows]
    total = await pages.total(tx, request, f"select count(*) from reservations r {where}", values)
    return reservations_pb2.ListReservationsResponse(items=items, next_page_token=token, total=total)
