"""Lots."""

from datetime import date
from typing import Any

from comanda.inventory.v1 import counter_pb2, stock_pb2
from inventory.domain.book import Movement
from inventory.domain.quantity import printed
from inventory.messages.values import instant
from kit.errors import Invalid


def lot(row: Any) -> stock_pb2.Lot:
    """Returns the message of a lot's row."""
    return stock_pb2.Lot(
        id=str(row["id"]),
        sku=row["sku"],
        location=row["location"],
        lot=row["lot"],
        expiry_date=row["expiry_date"].isoformat() if row["expiry_date"] else "",
        unit_cost_q=row["unit_cost_q"],
        supplier=row["supplier"],
        received_at=instant(row["received_at"]),
        qty=printed(row["qty"]),
        qty_left=printed(row["qty_left"]),
        is_expired=row["expired"],
    )


def sold(movement: Movement) -> counter_pb2.SoldUnits:
    """Returns the message of units that left for a sale."""
    return counter_pb2.SoldUnits(
        sku=movement.key.sku,
        qty=printed(-movement.qty_delta),
        lot=movement.lot,
        unit_cost_q=movement.unit_cost_q,
        expiry_date=movement.expiry_date.isoformat() if movement.expiry_date else "",
    )


def date_of(text: str) -> date | None:
    """Returns a date, None for an empty text; raises Invalid(`invalid_expiry_date`)."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("invalid_expiry_date", expiry_date=text) from error
