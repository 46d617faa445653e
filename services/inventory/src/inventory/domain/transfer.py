"""Transfers: units on their way from one location to another. They are on neither shelf until they arrive."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from inventory.domain import book as books
from inventory.domain.book import Movement
from inventory.domain.quantity import ZERO, printed
from inventory.domain.stock import Key
from kit.errors import Invalid, Refused


class Status(StrEnum):
    """Where a transfer is in its life."""

    IN_TRANSIT = "in_transit"
    RECEIVED = "received"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Line:
    """Units of a SKU, and of a lot where they came from one. What a cancelled transfer did not deliver went back."""

    sku: str
    qty: Decimal
    qty_received: Decimal = ZERO
    lot: str = ""
    expiry_date: date | None = None
    unit_cost_q: int | None = None
    supplier: str = ""

    @property
    def under_way(self) -> Decimal:
        """The units that have not arrived."""
        return self.qty - self.qty_received


@dataclass(frozen=True, slots=True)
class Transfer:
    """Units that left a location for another one."""

    business: UUID
    id: UUID
    origin: str
    destination: str
    reference: str
    status: Status
    created_at: datetime
    closed_at: datetime | None
    lines: tuple[Line, ...]

    def move(self, kind: str, location: str, line: Line, qty: Decimal) -> Movement:
        """Returns the movement of units of a line at a location."""
        return Movement(
            Key(self.business, line.sku, location), kind, qty, str(self.id), self.reference, line.unit_cost_q, line.lot,
            line.expiry_date, line.supplier,
        )  # fmt: skip


Arrival = tuple[str, Decimal]
"""A SKU, and how many units of it arrived."""


def send(transfer: Transfer) -> list[Movement]:
    """Returns the movements by which a transfer's units leave their location."""
    return [transfer.move(books.TRANSFER_OUT, transfer.origin, line, -line.qty) for line in transfer.lines]


def sent(transfer: Transfer, moved: Sequence[Movement]) -> Transfer:
    """Returns the transfer with a line for each lot that its units came from."""
    lines = (
        Line(each.key.sku, -each.qty_delta, ZERO, each.lot, each.expiry_date, each.unit_cost_q, each.supplier)
        for each in moved
    )
    return replace(transfer, lines=tuple(lines))


def receive(transfer: Transfer, arrivals: Sequence[Arrival], now: datetime) -> tuple[Transfer, list[Movement]]:
    """Returns the transfer after units of it arrived, all that are under way when none are named, and their movements.

    Once nothing is under way the transfer is received. Raises Refused (`transfer_cancelled`, `exceeds_transfer`), and
    Invalid(`not_in_transfer`). One that is received already stays as it is when nothing is named.
    """
    if transfer.status == Status.CANCELLED:
        raise Refused("transfer_cancelled", id=str(transfer.id))
    left = _summed(arrivals) if arrivals else {line.sku: line.under_way for line in transfer.lines}
    _check(transfer, left)
    lines, moved = [], []
    for line in transfer.lines:
        arrived = min(line.under_way, left.get(line.sku, ZERO))
        if arrived:
            left[line.sku] -= arrived
            moved.append(transfer.move(books.TRANSFER_IN, transfer.destination, line, arrived))
        lines.append(replace(line, qty_received=line.qty_received + arrived))
    return _closed(replace(transfer, lines=tuple(lines)), now), moved


def _summed(arrivals: Sequence[Arrival]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for sku, qty in arrivals:
        found[sku] = found.get(sku, ZERO) + qty
    return found


def _check(transfer: Transfer, arrived: dict[str, Decimal]) -> None:
    under_way = _summed([(line.sku, line.under_way) for line in transfer.lines])
    for sku, qty in arrived.items():
        if sku not in under_way:
            raise Invalid("not_in_transfer", sku=sku)
        if qty > under_way[sku]:
            raise Refused("exceeds_transfer", sku=sku, qty=printed(qty), under_way=printed(under_way[sku]))


def _closed(transfer: Transfer, now: datetime) -> Transfer:
    if transfer.status != Status.IN_TRANSIT or any(line.under_way for line in transfer.lines):
        return transfer
    return replace(transfer, status=Status.RECEIVED, closed_at=now)


def cancel(transfer: Transfer, now: datetime) -> tuple[Transfer, list[Movement]]:
    """Returns the cancelled transfer and the movements by which what is under way goes back; nothing for a cancelled one.

    Raises Refused(`transfer_received`).
    """
    if transfer.status == Status.RECEIVED:
        raise Refused("transfer_received", id=str(transfer.id))
    if transfer.status == Status.CANCELLED:
        return transfer, []
    moved = [
        transfer.move(books.TRANSFER_IN, transfer.origin, line, line.under_way)
        for line in transfer.lines
        if line.under_way
    ]
    return replace(transfer, status=Status.CANCELLED, closed_at=now), moved
