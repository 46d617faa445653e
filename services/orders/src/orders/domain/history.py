"""An order's history: what kinds of entries there are, and which of the eighteen actions of source 004 each stands for."""

from collections.abc import Mapping
from typing import Any

CREATED, STATUS_CHANGED, CANCELLED, DATA_UPDATED = "created", "status_changed", "cancelled", "data_updated"
NOTE_ADDED, NOTE_UPDATED, NOTE_DELETED = "note_added", "note_updated", "note_deleted"
ASSIGNED, REFUND_REQUESTED = "assigned", "refund_requested"
PAYMENT_AUTHORIZED, PAYMENT_CAPTURED = "payment.authorized", "payment.captured"
PAYMENT_REFUNDED, PAYMENT_FAILED = "payment.refunded", "payment.failed"
INVENTORY_RELEASED = "inventory_released"
PRICE_OVERRIDDEN = "price_overridden"
FULFILLMENT_CREATED, FULFILLMENT_STATUS_CHANGED = "fulfillment_created", "fulfillment_status_changed"
FULFILLMENT_UPDATED, FULFILLMENT_ASSIGNED = "fulfillment_updated", "fulfillment_assigned"
RETURN_REQUESTED, RETURN_RECEIVED, RETURN_CANCELLED = "return_requested", "return_received", "return_cancelled"
ERP_BOOKED, ERP_INVOICED, ERP_CANCELLED = "erp.booked", "erp.invoiced", "erp.cancelled"

RESERVED = frozenset(
    {
        CREATED, STATUS_CHANGED, CANCELLED, DATA_UPDATED, ASSIGNED, REFUND_REQUESTED, PAYMENT_AUTHORIZED, PAYMENT_CAPTURED,
        PAYMENT_REFUNDED, PAYMENT_FAILED, INVENTORY_RELEASED, PRICE_OVERRIDDEN, FULFILLMENT_CREATED,
        FULFILLMENT_STATUS_CHANGED, FULFILLMENT_UPDATED, FULFILLMENT_ASSIGNED,
        RETURN_REQUESTED, RETURN_RECEIVED, RETURN_CANCELLED, ERP_BOOKED, ERP_INVOICED, ERP_CANCELLED,
    }
)  # fmt: skip
"""What only the hub itself writes: money, stock, and status follow from it."""

KINDS: Mapping[str, tuple[str, ...]] = {
    "created": (CREATED,),
    "confirmed": ("status_changed:confirmed", "confirmed"),
    "payment_received": (PAYMENT_CAPTURED, "payment_received"),
    "processing_started": ("status_changed:processing", "processing_started"),
    "packed": (f"{FULFILLMENT_STATUS_CHANGED}:ready_to_ship", "packed"),
    "shipped": ("status_changed:shipped", "status_changed:dispatched", "shipped"),
    "delivered": ("status_changed:delivered", "delivered"),
    "cancelled": (CANCELLED,),
    "refunded": ("status_changed:refunded", "refunded"),
    "status_changed": (STATUS_CHANGED,),
    "note_added": (NOTE_ADDED,),
    "payment_failed": (PAYMENT_FAILED, "payment_failed"),
    "return_requested": ("status_changed:return_requested", RETURN_REQUESTED),
    "returned": ("status_changed:returned", RETURN_RECEIVED, "returned"),
    "edited": (DATA_UPDATED, "edited"),
    "assigned": (ASSIGNED, FULFILLMENT_CREATED, FULFILLMENT_ASSIGNED),
    "inventory_reserved": ("inventory_reserved",),
    "inventory_released": (INVENTORY_RELEASED,),
}
"""The eighteen actions (decision 52), each with the entries it stands for: `type`, or `type:new_status`."""
ACTIONS = {kind: action for action, kinds in KINDS.items() for kind in kinds}


def action(kind: str, payload: Mapping[str, Any]) -> str:
    """Returns the action that an entry stands for; empty for a caller's own remark.

    A change of status that has no action of its own is `status_changed`.
    """
    return ACTIONS.get(f"{kind}:{payload.get('new_status', '')}") or ACTIONS.get(kind, "")
