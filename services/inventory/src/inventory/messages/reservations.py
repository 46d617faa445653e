"""Reservations and wishes."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from comanda.inventory.v1 import reservations_pb2
from inventory.domain.book import Movement
from inventory.domain.quantity import positive, printed
from inventory.domain.reservation import TTL, Owner, Reservation
from inventory.domain.reserve import Basket, Wish, summed
from inventory.messages.values import enum, set_instant, short


def reservation(found: Reservation, picked: Sequence[Movement] = ()) -> reservations_pb2.Reservation:
    """Returns the message of a reservation and of the movements of its units that came from lots."""
    message = reservations_pb2.Reservation(
        id=str(found.id),
        owner_type=enum(reservations_pb2.OwnerType, found.owner_type),
        owner_ref=found.owner_ref,
        owner_scope=found.owner_scope,
        sku=found.sku,
        location=found.location,
        qty=printed(found.qty),
        qty_fulfilled=printed(found.qty_fulfilled),
        status=enum(reservations_pb2.ReservationStatus, found.status),
    )
    for name in ("created_at", "expires_at", "fulfilled_at", "released_at"):
        if at := getattr(found, name):
            set_instant(getattr(message, name), at)
    if picked:
        message.picks.extend(map(_pick, picked))
        if (cost_q := _cost(found, picked)) is not None:
            message.cost_q = cost_q
    return message


def _pick(movement: Movement) -> reservations_pb2.Pick:
    return reservations_pb2.Pick(
        lot_id=str(movement.lot_id),
        lot=movement.lot,
        qty=printed(-movement.qty_delta),
        unit_cost_q=movement.unit_cost_q,
        expiry_date=movement.expiry_date.isoformat() if movement.expiry_date else "",
    )


def _cost(found: Reservation, picked: Sequence[Movement]) -> int | None:
    """Returns what the units that left have cost, each pick HALF_UP to a minor unit; None unless it is known of all of them."""
    known = [(-each.qty_delta, each.unit_cost_q) for each in picked if each.unit_cost_q is not None]
    if not known or sum(qty for qty, _ in known) != found.qty_fulfilled:
        return None
    return sum(int((qty * cost).quantize(Decimal(1), ROUND_HALF_UP)) for qty, cost in known)


def owner_type(number: int) -> str:
    """Returns the short name of a kind of owner; empty when none is meant."""
    return short(reservations_pb2.OwnerType, number)


def basket(request: reservations_pb2.CreateReservationRequest, business: UUID) -> Basket:
    """Returns what is asked for; raises Invalid(`invalid_qty`)."""
    owner = Owner(business, owner_type(request.owner_type), "", request.owner_ref)
    wishes = summed([Wish(line.sku, line.location, positive(line.qty)) for line in request.lines])
    return Basket(owner, wishes, _ttl(request), request.allow_partial)


def replacement(request: reservations_pb2.ReplaceReservationsRequest, business: UUID) -> Basket:
    """Returns all that an owner is to hold; raises Invalid(`invalid_qty`)."""
    return basket(_creating(request), business)


def _creating(request: reservations_pb2.ReplaceReservationsRequest) -> reservations_pb2.CreateReservationRequest:
    same = ("owner_type", "owner_ref", "lines") + (("ttl_seconds",) if request.HasField("ttl_seconds") else ())
    return reservations_pb2.CreateReservationRequest(**{name: getattr(request, name) for name in same})


def skus(request: reservations_pb2.CreateReservationRequest) -> frozenset[str]:
    """Returns the SKUs of a request."""
    return frozenset(line.sku for line in request.lines)


def _ttl(request: reservations_pb2.CreateReservationRequest) -> timedelta:
    """Returns for how long: what is said, or what is usual for the kind of owner."""
    if request.HasField("ttl_seconds"):
        return timedelta(seconds=request.ttl_seconds)
    return TTL[owner_type(request.owner_type)]
