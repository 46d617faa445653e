"""Levels, movements, and receipts."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from comanda.inventory.v1 import stock_pb2
from inventory.domain.book import RECEIPT, Movement
from inventory.domain.quantity import ZERO, positive, printed, signed
from inventory.domain.stock import Key, Level, Settings
from inventory.messages.lots import date_of
from inventory.messages.values import enum, given, instant
from kit.errors import Invalid


def level(found: Level, is_open: bool = True) -> stock_pb2.StockLevel:
    """Returns the message of a level; nothing is available where product or location is inactive."""
    return stock_pb2.StockLevel(
        sku=found.key.sku,
        location=found.key.location,
        on_hand=printed(found.on_hand),
        reserved=printed(found.reserved),
        available=printed(found.available if is_open else ZERO),
        reorder_point="" if found.reorder_point is None else printed(found.reorder_point),
        safety_stock=printed(found.safety),
        backorder_limit=printed(found.backorder_limit),
    )


def past_level(sku: str, location: str, on_hand: Decimal) -> stock_pb2.StockLevel:
    """Returns the message of what lay on a shelf at an instant."""
    return stock_pb2.StockLevel(sku=sku, location=location, on_hand=printed(on_hand))


def settings(request: stock_pb2.SetStockSettingsRequest, before: Settings) -> Settings:
    """Returns settings with those changed that are given, an empty one taken away; raises Invalid(`invalid_qty`)."""
    changes = {name: signed(text) if text else None for name, text in given(request, *Settings._fields).items()}
    after: dict[str, Any] = before._asdict() | changes
    return Settings(**after | {"backorder_limit": after["backorder_limit"] or ZERO})


def movement(row: Any) -> stock_pb2.Movement:
    """Returns the message of a movement's row."""
    return stock_pb2.Movement(
        id=str(row["id"]),
        type=enum(stock_pb2.MovementType, row["type"]),
        sku=row["sku"],
        location=row["location"],
        qty_delta=printed(row["qty_delta"]),
        reference=row["reference"],
        reason=row["reason"],
        unit_cost_q=row["unit_cost_q"],
        lot=row["lot"],
        expiry_date=row["expiry_date"].isoformat() if row["expiry_date"] else "",
        supplier=row["supplier"],
        actor=row["actor"],
        created_at=instant(row["created_at"]),
        lot_id=str(row["lot_id"] or ""),
    )


def receipts(request: stock_pb2.ReceiveStockRequest, business: UUID) -> list[Movement]:
    """Returns the movements of what came in; raises Invalid (`invalid_qty`, `invalid_expiry_date`)."""
    return [
        Movement(
            key=Key(business, line.sku, request.location),
            type=RECEIPT,
            qty_delta=positive(line.qty),
            reference=line.reference or request.reference,
            unit_cost_q=line.unit_cost_q if line.HasField("unit_cost_q") else None,
            lot=line.lot,
            expiry_date=date_of(line.expiry_date),
            supplier=line.supplier,
        )
        for line in request.lines
    ]


def correction(request: stock_pb2.AdjustStockRequest) -> tuple[Decimal | None, Decimal | None]:
    """Returns the difference and the count, of which exactly one is given; raises Invalid."""
    given = [request.HasField("qty_delta"), request.HasField("counted_qty")]
    if sum(given) != 1:
        raise Invalid("invalid_adjustment")
    return (signed(request.qty_delta), None) if given[0] else (None, signed(request.counted_qty))
