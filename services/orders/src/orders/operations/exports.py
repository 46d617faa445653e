"""What the ERP is told of an order: all of it, so that the bridge need not ask."""

from dataclasses import replace
from typing import Any

from kit.db import Tx
from kit.errors import Invalid, NotFound
from orders.domain.directive import Task
from orders.domain.order import Order, line_json, named
from orders.store import orders as store

TOPIC = "erp.order.export"
LINE = ("line_id", "sku", "name", "qty", "unit_price_q", "line_total_q")


def content(order: Order) -> dict[str, Any]:
    """Returns an order as the directive's `order`."""
    charges = {name: getattr(order.charges, name) for name in ("discount_q", "shipping_q", "tax_q")}
    return {
        "status": order.status,
        "last_seq": order.last_seq,
        "external_ref": order.external_ref,
        "handle_type": order.handle_type,
        "handle_ref": order.handle_ref,
        "currency": order.currency,
        "items": [{name: value for name, value in line_json(line).items() if name in LINE} for line in order.lines],
        **charges,
        "total_q": order.total_q,
        "data": dict(order.data),
        "created_at": order.created_at.isoformat(),
    }


async def asked(tx: Tx, task: Task) -> Task:
    """Returns the work of booking an order that a caller asks for, with the order as it is.

    Raises Invalid(`invalid_payload`) where it names none, or NotFound.
    """
    if not task.order_ref:
        raise Invalid("invalid_payload", topic=TOPIC, reason="order_ref is missing", field="payload")
    found = await store.order(tx, task.order_ref)
    if found is None:
        raise NotFound("not_found", ref=task.order_ref)
    order = found.order
    payload = {**task.payload, **named(order), "order": content(order)}
    return replace(task, payload=payload, channel_code=order.channel_code, session_key=order.session_key)
