"""Reservations: units of one shelf held for one owner, until they leave, go back, or the time is up (decisions 35 to 39)."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from inventory.domain.quantity import ZERO, printed
from inventory.domain.stock import Key
from kit.errors import Refused


class Status(StrEnum):
    """Where a reservation is in its life; only an active one holds units."""

    ACTIVE = "active"
    COMMITTED = "committed"
    RELEASED = "released"
    EXPIRED = "expired"


SESSION, CART, ORDER = "session", "cart", "order"
TTL = {SESSION: timedelta(minutes=15), CART: timedelta(minutes=30), ORDER: timedelta(days=7)}


class Owner(NamedTuple):
    """Who holds: a session (its scope is the channel), a cart, or an order."""

    business: UUID
    type: str
    scope: str
    ref: str


class Reservation(NamedTuple):
    """Units of one shelf, held for one owner. `order_ref` is set once the units have left for an order."""

    business: UUID
    id: UUID
    owner_type: str
    owner_scope: str
    owner_ref: str
    sku: str
    location: str
    qty: Decimal
    qty_fulfilled: Decimal
    status: str
    order_ref: str
    created_at: datetime
    expires_at: datetime
    fulfilled_at: datetime | None = None
    released_at: datetime | None = None

    @property
    def key(self) -> Key:
        """The shelf that the units lie on."""
        return Key(self.business, self.sku, self.location)

    @property
    def owner(self) -> Owner:
        """Who holds."""
        return Owner(self.business, self.owner_type, self.owner_scope, self.owner_ref)

    @property
    def held(self) -> Decimal:
        """The units that it keeps from others, as the shelf's counter sees it."""
        return self.qty - self.qty_fulfilled if self.status == Status.ACTIVE else ZERO

    def left_for(self, order_ref: str) -> Decimal:
        """The units that have left for an order and have not come back."""
        back = self.status == Status.RELEASED and self.qty_fulfilled == self.qty
        return ZERO if back or not order_ref or self.order_ref != order_ref else self.qty_fulfilled

    def live(self, now: datetime) -> bool:
        """Whether it holds units and its time is not up."""
        return self.status == Status.ACTIVE and self.expires_at > now


def new(identifier: UUID, owner: Owner, key: Key, qty: Decimal, now: datetime, expires_at: datetime) -> Reservation:
    """Returns an active reservation."""
    left, order_ref = ZERO, ""
    return Reservation(
        owner.business, identifier, *owner[1:], *key[1:], qty, left, Status.ACTIVE, order_ref, now, expires_at
    )  # fmt: skip


def commit(reservation: Reservation, order_ref: str, now: datetime) -> Reservation:
    """Returns the reservation with all of its units gone, for an order if there is one."""
    return reservation._replace(
        qty_fulfilled=reservation.qty, status=Status.COMMITTED, order_ref=order_ref, fulfilled_at=now
    )


def fulfil(reservation: Reservation, qty: Decimal, order_ref: str, now: datetime) -> Reservation:
    """Returns an active reservation with so many more units gone; the last of them commit it.

    Raises Refused(`exceeds_reserved`).
    """
    if qty > reservation.held:
        raise Refused("exceeds_reserved", qty=printed(qty), remaining=printed(reservation.held))
    if qty == reservation.held:
        return commit(reservation, order_ref, now)
    return reservation._replace(qty_fulfilled=reservation.qty_fulfilled + qty, order_ref=order_ref)


def extend(reservation: Reservation, until: datetime) -> Reservation:
    """Returns an active reservation that lives at least until then."""
    return reservation._replace(expires_at=max(reservation.expires_at, until))


def release(reservation: Reservation, now: datetime) -> Reservation:
    """Returns an active reservation given up, or expired if its time was up before; any other as it is."""
    if reservation.status != Status.ACTIVE:
        return reservation
    if not reservation.live(now):
        return reservation._replace(status=Status.EXPIRED)
    return reservation._replace(status=Status.RELEASED, released_at=now)


def give_back(reservation: Reservation, now: datetime) -> Reservation:
    """Returns a reservation whose units have come back; one of which only a part had left looks as if none had."""
    qty = reservation.qty if reservation.status == Status.COMMITTED else ZERO
    return reservation._replace(qty_fulfilled=qty, status=Status.RELEASED, released_at=reservation.released_at or now)


def check_live(reservation: Reservation, now: datetime) -> None:
    """Raises Refused (`reservation_committed`, `reservation_released`, `reservation_expired`) when it holds nothing any more."""
    if reservation.status == Status.COMMITTED:
        raise Refused("reservation_committed", id=str(reservation.id))
    if reservation.status == Status.RELEASED:
        raise Refused("reservation_released", id=str(reservation.id))
    if not reservation.live(now):
        raise Refused("reservation_expired", id=str(reservation.id), expired_at=reservation.expires_at)
