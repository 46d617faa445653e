"""What others are told of stock that was taken or given back."""

from collections.abc import Sequence
from uuid import UUID

from comanda.inventory.events.v1 import events_pb2 as events
from inventory.domain.book import Movement
from inventory.domain.quantity import printed
from inventory.domain.reservation import ORDER, SESSION, Owner
from kit import outbox
from kit.db import Tx


def change(movement: Movement) -> events.StockChange:
    """Returns the message of a change of the units on a shelf."""
    return events.StockChange(
        sku=movement.key.sku,
        location=movement.key.location,
        qty_delta=printed(movement.qty_delta),
        lot=movement.lot,
        unit_cost_q=movement.unit_cost_q,
        expiry_date=movement.expiry_date.isoformat() if movement.expiry_date else "",
    )


def committed(tx: Tx, business: UUID, order_ref: str, units: Sequence[Movement]) -> None:
    """Publishes that units of an order have left."""
    event = events.StockCommitted(order_ref=order_ref, lines=map(change, units))
    outbox.add(tx, f"order/{order_ref}", event, business=business)


def released(tx: Tx, owner: Owner, order_ref: str = "", units: Sequence[Movement] = ()) -> None:
    """Publishes that an order or a session gave up what it held, and which units came back."""
    order_ref = order_ref or (owner.ref if owner.type == ORDER else "")
    session_key = owner.ref if owner.type == SESSION else ""
    event = events.StockReleased(order_ref=order_ref, session_key=session_key, lines=map(change, units))
    aggregate = f"order/{order_ref}" if order_ref else f"{owner.type}/{owner.scope}/{owner.ref}"
    outbox.add(tx, aggregate, event, business=owner.business)


def awaited_arrived(tx: Tx, business: UUID, order_ref: str) -> None:
    """Publishes that an order which waits for goods may be tried again."""
    outbox.add(tx, f"order/{order_ref}", events.AwaitedStockArrived(order_ref=order_ref), business=business)


def returned(tx: Tx, unit: Movement) -> None:
    """Publishes that units which a customer sent back are on their shelf again."""
    location = unit.key.location
    event = events.StockReceived(location=location, lines=[change(unit)], reference=unit.reference)
    outbox.add(tx, f"stock/{location}", event, business=unit.key.business)
