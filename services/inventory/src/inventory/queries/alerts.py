"""Alerts, newest first."""

from comanda.inventory.v1 import alerts_pb2
from inventory.domain.alert import Alert
from inventory.messages import alerts as messages
from inventory.messages.values import short
from inventory.store.alerts import ALERT
from kit import pages
from kit.db import Tx
from kit.filters import matching


async def alerts(tx: Tx, request: alerts_pb2.ListAlertsRequest) -> alerts_pb2.ListAlertsResponse:
    """Returns a page of alerts, newest first; raises Invalid for a bad token."""
    where, values = matching(
        ("business_id = ?", tx.business),
        ("status = any(?::text[])", [short(alerts_pb2.AlertStatus, each) for each in request.status]),
        ("sku = any(?::text[])", list(request.sku)),
        ("location = any(?::text[])", list(request.location)),
    )
    rows, token = await pages.newest(tx, request, f"select {ALERT} from stock_alerts", where, values)
    return alerts_pb2.ListAlertsResponse(items=[messages.alert(Alert(*row)) for row in rows], next_page_token=token)
