"""Receipts: what they say, with neither cost nor profit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from comanda.sales.v1 import receipts_pb2 as pb
from comanda.sales.v1 import sales_pb2
from sales.domain.item import Item
from sales.domain.sale import Sale
from sales.messages.values import enum, time
from sales.store.receipts import Header

SAME = (
    "receipt_number", "storefront", "currency", "subtotal_q", "discount_q", "tax_q", "total_q", "amount_paid_q",
    "amount_due_q", "amount_refunded_q",
)  # fmt: skip


def receipt(sale: Sale, header: Header, payments: Any, copy: int, now: datetime) -> pb.Receipt:
    """Returns what the receipt of a sale says."""
    return pb.Receipt(
        sale_id=str(sale.id),
        **{name: getattr(sale, name) for name in SAME},
        **header._asdict(),
        status=enum(sales_pb2.SaleStatus, sale.status),
        user=sale.seller,
        completed_at=time(sale.completed_at),
        items=map(_item, sale.items),
        taxes_included_q=sale.tax_q + sum(each.tax_q for each in sale.items),
        payments=map(_payment, payments),
        is_reprint=copy > 1,
        copy_number=copy,
        printed_at=time(now),
    )


def _item(found: Item) -> pb.ReceiptItem:
    return pb.ReceiptItem(
        sku=found.sku,
        name=found.name,
        quantity=f"{found.quantity:.3f}",
        unit_price_q=found.unit_price_q,
        discount_q=found.discount_q,
        tax_q=found.tax_q,
        total_q=found.total_q,
    )


def _payment(row: Mapping[str, Any]) -> pb.ReceiptPayment:
    method = enum(sales_pb2.PaymentMethod, row["method"])
    return pb.ReceiptPayment(method=method, amount_q=row["amount_q"], created_at=time(row["created_at"]))
