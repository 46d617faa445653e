"""Alerts."""

from comanda.inventory.v1 import alerts_pb2
from inventory.domain.alert import Alert
from inventory.domain.quantity import printed
from inventory.messages.values import enum, instant


def alert(found: Alert) -> alerts_pb2.StockAlert:
    """Returns the message of an alert."""
    return alerts_pb2.StockAlert(
        id=str(found.id),
        sku=found.sku,
        location=found.location,
        status=enum(alerts_pb2.AlertStatus, found.status),
        available=printed(found.available),
        reorder_point=printed(found.reorder_point),
        opened_at=instant(found.opened_at),
        acknowledged_at=instant(found.acknowledged_at),
        acknowledged_by=found.acknowledged_by,
        closed_at=instant(found.closed_at),
    )
