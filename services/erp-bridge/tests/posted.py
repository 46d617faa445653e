"""Messages that other services send the bridge over NATS."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from bridged import Bridge
from google.protobuf.message import Message
from nats.aio.client import Client

from comanda.erp.directives.v1 import directives_pb2
from comanda.orders.events.v1 import events_pb2
from kit import directives, outbox, streams
from kit.db import Tx

REF = "ORD-20261120-7KQM2XAB"
CUSTOMER = {
    "name": "Ana Souza",
    "cpf": "529.982.247-25",
    "email": "ana@example.com",
    "address": {"state": "SP", "city": "Santos"},
}


async def send(nats: Client, bridge: Bridge, message: Message, times: int = 2) -> None:
    """Sends a directive as its owner does, as a rule twice."""
    tx = Tx(None)  # type: ignore[arg-type]  # nothing is written
    tx.now = datetime.now(UTC)
    wrapped = directives.dispatch(
        message, directive_id=uuid4(), attempt=1, business=bridge.business, aggregate="order/ORD-1", tx=tx
    )
    await _publish(nats, bridge, wrapped, times)


async def tell(nats: Client, bridge: Bridge, event: Message, times: int = 2) -> None:
    """Publishes an event, as a rule twice."""
    wrapped = outbox.envelope(
        event, identifier=str(uuid4()), business=bridge.business, aggregate="order/ORD-1", now=datetime.now(UTC)
    )
    await _publish(nats, bridge, wrapped, times)


async def _publish(nats: Client, bridge: Bridge, wrapped: Any, times: int) -> None:
    subject = streams.subject(bridge.environment["COMANDA_STREAM_PREFIX"], wrapped)
    for _ in range(times):
        await nats.jetstream().publish(subject, wrapped.SerializeToString())


def export(ref: str = REF, channel: str = "web", **more: Any) -> directives_pb2.ExportOrder:
    """The work of booking an order of two coffees and a half of bread, 12.50 in all, unless told otherwise."""
    items = [
        {"line_id": "L-1", "sku": "CAFE", "name": "Café", "qty": "2", "unit_price_q": 500, "line_total_q": 1000},
        {"line_id": "L-2", "sku": "PAO", "name": "Pão", "qty": "0.5", "unit_price_q": 500, "line_total_q": 250},
    ]
    order = {
        "status": "new", "last_seq": 1, "currency": "BRL", "items": items, "total_q": 1250, "data": {"customer": CUSTOMER},
        "created_at": datetime.now(UTC), **more,
    }  # fmt: skip
    return directives_pb2.ExportOrder(order_ref=ref, channel_code=channel, session_key="CART-1", order=order)


def status(to: str, seq: int, ref: str = REF, channel: str = "web") -> events_pb2.OrderStatusChanged:
    """The event that an order moved to a status."""
    return events_pb2.OrderStatusChanged(ref=ref, channel_code=channel, status=to, seq=seq)
