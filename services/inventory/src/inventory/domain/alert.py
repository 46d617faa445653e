"""Alerts: a shelf has fallen to its reorder point. One opens when that happens, and closes when it is over."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from kit.errors import Refused


class Status(StrEnum):
    """Where an alert is in its life."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class Alert(NamedTuple):
    """An alert, with the units that nobody held and the reorder point when it opened."""

    business: UUID
    id: UUID
    sku: str
    location: str
    status: str
    available: Decimal
    reorder_point: Decimal
    opened_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str
    closed_at: datetime | None


def acknowledge(alert: Alert, actor: str, now: datetime) -> Alert:
    """Returns the alert as seen by somebody, and as it is when somebody has seen it before; raises Refused(`alert_closed`)."""
    if alert.status == Status.CLOSED:
        raise Refused("alert_closed", id=str(alert.id))
    if alert.status == Status.ACKNOWLEDGED:
        return alert
    return alert._replace(status=Status.ACKNOWLEDGED, acknowledged_at=now, acknowledged_by=actor)
