"""Alerts of low stock open once, close themselves, and are acknowledged by people."""

from uuid import UUID

from comanda.inventory.events.v1 import events_pb2 as events
from inventory.domain import alert as domain
from inventory.domain.alert import Alert
from inventory.domain.quantity import printed
from inventory.store import alerts as store
from kit import outbox
from kit.db import Tx

SWEPT = 500
"""How many marks the sweep looks at in one transaction."""


async def look(tx: Tx) -> bool:
    """Opens and closes alerts of shelves that crossed their reorder points, and publishes that; tells whether there may be more.

    Any number of processes may do this: one of them does.
    """
    if not await store.alone(tx):
        return False
    seen, keys = await store.marked(tx, SWEPT)
    if not keys:
        return False
    for alert in await store.close_alerts(tx, keys):
        _tell(tx, alert, events.StockReplenished(**_described(alert)))
    for alert in await store.open_alerts(tx, keys):
        _tell(tx, alert, events.StockLow(**_described(alert)))
    return seen == SWEPT


def _described(alert: Alert) -> dict[str, str]:
    return {
        "alert_id": str(alert.id),
        "sku": alert.sku,
        "location": alert.location,
        "available": printed(alert.available),
        "reorder_point": printed(alert.reorder_point),
    }


def _tell(tx: Tx, alert: Alert, event: events.StockLow | events.StockReplenished) -> None:
    outbox.add(tx, f"alert/{alert.id}", event, business=alert.business)


async def acknowledge(tx: Tx, identifier: UUID) -> Alert:
    """Notes that somebody has seen an alert; harmless the second time. Raises NotFound and Refused(`alert_closed`)."""
    alert = domain.acknowledge(await store.lock(tx, identifier), tx.actor, tx.now)
    store.save(tx, alert)
    return alert
