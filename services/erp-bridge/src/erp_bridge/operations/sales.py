"""Sales at the counter are booked as orders are, under their receipt numbers, where the storefront has mappings of its own."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from comanda.sales.events.v1 import sales_pb2 as events
from erp_bridge.store import mappings, orders
from kit.db import Tx

COMPLETED, CANCELLED = ("completed", 1), ("cancelled", 2)
"""What a sale's record says, and its place in the sale's short history."""
DRAFT = "draft"


async def ask(tx: Tx, told: Sequence[tuple[UUID, events.SaleCompleted]]) -> None:
    """Opens the records of sales of the storefronts that are booked."""
    booked = await mappings.booked_channels(tx, sorted({(business, sale.storefront) for business, sale in told}))
    asked = {(business, sale.receipt_number): sale for business, sale in told if (business, sale.storefront) in booked}
    if asked:
        await orders.ask(tx, [_row(business, sale) for (business, _), sale in asked.items()])


async def follow(tx: Tx, told: Sequence[tuple[UUID, events.SaleCancelled]]) -> None:
    """Lets sales that are taken back be cancelled in the ERP; a draft was never there."""
    places = {
        (business, sale.receipt_number): (business, sale.receipt_number, sale.storefront, *CANCELLED)
        for business, sale in told
        if sale.previous_status != DRAFT
    }
    if places:
        await orders.follow(tx, list(places.values()))


def _row(business: UUID, sale: events.SaleCompleted) -> dict[str, Any]:
    status, place = COMPLETED
    named = {"business_id": str(business), "ref": sale.receipt_number, "channel_code": sale.storefront}
    return {**named, "content": _content(sale), "status": status, "seq": place}


def _content(sale: events.SaleCompleted) -> dict[str, Any]:
    """Returns a sale as an order is kept (ExportedOrder); the taxes of its items are one with that of the whole."""
    buyer = {"name": sale.buyer.name, "email": sale.buyer.email, "phone": sale.buyer.phone}
    return {
        "external_ref": "",
        "handle_type": "customer" if sale.customer_id else "",
        "handle_ref": sale.customer_id,
        "currency": sale.currency,
        "items": [_line(item) for item in sale.items],
        "discount_q": sale.discount_q,
        "shipping_q": 0,
        "tax_q": sale.tax_q + sum(item.tax_q for item in sale.items),
        "total_q": sale.total_q,
        "data": {"customer": buyer} if sale.HasField("buyer") else {},
        "created_at": f"{sale.business_date}T12:00:00-03:00",
        "last_seq": COMPLETED[1],
    }


def _line(item: events.SoldItem) -> dict[str, Any]:
    same = ("sku", "name", "unit_price_q", "discount_q")
    told = {name: getattr(item, name) for name in same}
    return {"line_id": item.item_id, "qty": item.quantity, "line_total_q": item.gross_q, **told}
