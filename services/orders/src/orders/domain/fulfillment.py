"""Fulfilments: parts of an order that are picked, packed, and shipped together (source 004, decision 53)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from kit.errors import Invalid, Refused

PENDING, PICKING, PACKING, READY_TO_SHIP = "pending", "picking", "packing", "ready_to_ship"
SHIPPED, PARTIALLY_FULFILLED, FULFILLED, CANCELLED = "shipped", "partially_fulfilled", "fulfilled", "cancelled"
TRANSITIONS: Mapping[str, tuple[str, ...]] = {
    PENDING: (PICKING, CANCELLED),
    PICKING: (PACKING, PARTIALLY_FULFILLED, CANCELLED),
    PACKING: (READY_TO_SHIP, PARTIALLY_FULFILLED, CANCELLED),
    READY_TO_SHIP: (SHIPPED, PARTIALLY_FULFILLED, CANCELLED),
    SHIPPED: (FULFILLED, PARTIALLY_FULFILLED),
    PARTIALLY_FULFILLED: (PICKING, PACKING, SHIPPED, FULFILLED, CANCELLED),
    FULFILLED: (),
    CANCELLED: (),
}
STAMPS: Mapping[str, tuple[str, ...]] = {
    PICKING: ("picking_started_at",),
    PACKING: ("picking_completed_at", "packing_started_at"),
    READY_TO_SHIP: ("packing_completed_at",),
    SHIPPED: ("shipped_at",),
    FULFILLED: ("fulfilled_at",),
    CANCELLED: ("cancelled_at",),
}
"""What entering a status stamps, each once."""
INSIDE = (PENDING, PICKING, PACKING, READY_TO_SHIP)
"""Statuses of what has not left the house."""
FULFILLABLE = ("confirmed", "processing")
"""Statuses of an order that fulfilments may be made for (M-10)."""


@dataclass(frozen=True, slots=True)
class Item:
    """Part of an order's line."""

    line_id: str
    qty: Decimal
    sku: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Allotted:
    """A line of an order, and how much of it the fulfilments that were not called off have."""

    line_id: str
    sku: str
    name: str
    qty: Decimal
    qty_allotted: Decimal

    @property
    def left(self) -> Decimal:
        """How much no fulfilment has."""
        return self.qty - self.qty_allotted


@dataclass(frozen=True, slots=True)
class Fulfillment:
    """A fulfilment; weight is in kilograms."""

    number: str
    order_ref: str
    status: str
    items: Sequence[Item]
    created_at: datetime
    updated_at: datetime
    assigned_to: str = ""
    warehouse_location: str = ""
    box_size: str = ""
    weight: Decimal | None = None
    carrier: str = ""
    tracking_number: str = ""
    tracking_url: str = ""
    picking_notes: str = ""
    packing_notes: str = ""
    stamps: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def next(self) -> tuple[str, ...]:
        """The statuses that may follow."""
        return TRANSITIONS[self.status]


def check_order(status: str) -> None:
    """Raises Refused(`order_not_fulfillable`) unless an order in the status may be fulfilled."""
    if status not in FULFILLABLE:
        raise Refused("order_not_fulfillable", status=status, allowed_statuses=list(FULFILLABLE))


def allot(lines: Sequence[Allotted], wanted: Iterable[tuple[str, Decimal]]) -> list[Item]:
    """Returns what a new fulfilment gets, a line that is named again summed up.

    Raises Invalid(`unknown_line_id`), or Refused(`quantity_exceeded`) with every line that has less left than is wanted.
    """
    known, sums = {line.line_id: line for line in lines}, dict[str, Decimal]()
    for line_id, qty in wanted:
        if line_id not in known:
            raise Invalid("unknown_line_id", line_id=line_id)
        sums[line_id] = sums.get(line_id, Decimal(0)) + qty
    if short := [_shortage(known[line_id], qty) for line_id, qty in sums.items() if qty > known[line_id].left]:
        raise Refused("quantity_exceeded", lines=short)
    return [Item(line_id, qty, known[line_id].sku, known[line_id].name) for line_id, qty in sums.items()]


def _shortage(line: Allotted, qty: Decimal) -> dict[str, Any]:
    return {
        "line_id": line.line_id,
        "sku": line.sku,
        "ordered": str(line.qty),
        "allotted": str(line.qty_allotted),
        "left": str(line.left),
        "requested": str(qty),
    }


def transition(fulfillment: Fulfillment, status: str, notes: str, now: datetime) -> Fulfillment:
    """Moves a fulfilment; raises Refused(`terminal_status` or `invalid_transition`).

    Notes of picking and of everything later are kept apart; the newest of each kind counts.
    """
    if not fulfillment.next:
        raise Refused("terminal_status", current_status=fulfillment.status, requested_status=status)
    if status not in fulfillment.next:
        allowed = list(fulfillment.next)
        raise Refused(
            "invalid_transition",
            current_status=fulfillment.status,
            requested_status=status,
            allowed_transitions=allowed,
        )
    picking = status == PICKING
    return replace(
        fulfillment,
        status=status,
        updated_at=now,
        stamps={**dict.fromkeys(STAMPS.get(status, ()), now), **fulfillment.stamps},
        picking_notes=notes if notes and picking else fulfillment.picking_notes,
        packing_notes=notes if notes and not picking else fulfillment.packing_notes,
    )


def assign(fulfillment: Fulfillment, assigned_to: str, now: datetime) -> Fulfillment:
    """Puts a fulfilment into somebody's hands; the first time is stamped. Raises Refused(`terminal_status`)."""
    if not fulfillment.next:
        raise Refused("terminal_status", current_status=fulfillment.status, requested_status=fulfillment.status)
    stamps = {"assigned_at": now, **fulfillment.stamps} if assigned_to else fulfillment.stamps
    return replace(fulfillment, assigned_to=assigned_to, stamps=stamps, updated_at=now)


def triggers(status: str, statuses: Iterable[str], whole: bool) -> list[str]:
    """Returns what a fulfilment that enters the status tells its order's flow.

    `statuses` are those of all fulfilments of the order as they are now; whole: together they have all that was ordered.
    Everything is ready, or delivered, only when nothing is left over (decision 59).
    """
    live = [each for each in statuses if each != CANCELLED]
    found = [f"on_fulfillment_{status}"]
    if whole and status == READY_TO_SHIP and not {PENDING, PICKING, PACKING, PARTIALLY_FULFILLED} & set(live):
        found.append("on_items_ready")
    if whole and status == FULFILLED and set(live) == {FULFILLED}:
        found.append("on_delivery_confirm")
    return found
