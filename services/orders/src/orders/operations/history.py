"""Adds to an order's history, and tells others of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from comanda.orders.events.v1 import events_pb2
from kit import outbox
from kit.db import Tx
from orders.domain.order import Order
from orders.store import orders as store


def record(
    tx: Tx, order: Order, kind: str, payload: Mapping[str, Any], *, actor_label: str = "", business: UUID | None = None
) -> Order:
    """Adds an entry to a locked order's history; returns the order with it counted, for the caller to save.

    The business is the caller's unless given.
    """
    recorded = replace(order, last_seq=order.last_seq + 1, updated_at=tx.now)
    store.insert_event(tx, order.ref, recorded.last_seq, kind, payload, actor_label, business)
    event = events_pb2.OrderEventRecorded(
        ref=order.ref, channel_code=order.channel_code, type=kind, seq=recorded.last_seq
    )
    event.payload.update(payload)
    outbox.add(tx, f"order/{order.ref}", event, business=business)
    return recorded
