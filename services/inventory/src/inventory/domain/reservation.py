"""Reservations: units of one shelf held for one owner, until they leave, go back, or the time is up (decisions 35 to 39)."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from inventory.domain.quantity import ZERO
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
    fulfilled_at: datetime | None
    released_at: datetime | None

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

    def live(self, now: datetime) -> bool:
        """Whether it holds units and its time is not up."""
        return self.status == Status.ACTIVE and self.expires_at > now


def new(identifier: UUID, owner: Owner, key: Key, qty: Decimal, now: datetime, expires_at: datetime) -> Reservation:
    """Returns an active reservation."""
    return Reservation(
        business=owner.business,
        id=identifier,
        owner_type=owner.type,
        owner_scope=owner.scope,
        owner_ref=owner.ref,
        sku=key.sku,
        location=key.location,
        qty=qty,
        qty_fulfilled=ZERO,
        status=Status.ACTIVE,
        order_ref="",
        created_at=now,
        expires_at=expires_at,
        fulfilled_at=None,
        released_at=None,
    )


def commit(reservation: Reservation, order_ref: str, now: datetime) -> Reservation:
    """Returns the reservation with all of its units gone, for an order if there is one."""
    return reservation._replace(
        qty_fulfilled=reservation.qty, status=Status.COMMITTED, order_ref=order_ref, fulfilled_at=now
    )


def release(reservation: Reservation, now: datetime) -> Reservation:
    """Returns an active reservation given up, or expired if its time was up before; any other as it is."""
    if reservation.status != Status.ACTIVE:
        return reservation
    if not reservation.live(now):
        return reservation._replace(status=Status.EXPIRED)
    return reservation._replace(status=Status.RELEASED, released_at=now)


def give_back(reservation: Reservation, now: datetime) -> Reservation:
    """Returns a committed reservation whose units have come back."""
    return reservation._replace(status=Status.RELEASED, released_at=now)


def check_committable(reservation: Reservation, now: datetime) -> None:
    """Raises Refused(`reservation_released` or `reservation_expired`) when the units are not held any more."""
    if reservation.status == Status.RELEASED:
        raise Refused("reservation_released", id=str(reservation.id))
    if not reservation.live(now):
        raise Refused("reservation_expired", id=str(reservation.id), expired_at=reservation.expires_at)
