"""What others are told of a sale."""

from uuid import UUID

from comanda.sales.events.v1 import sales_pb2 as events
from sales.domain.sale import Sale


def completed(sale: Sale) -> events.SaleCompleted:
    """Returns that the sale was completed."""
    same = ("receipt_number", "storefront", "status", "currency", "total_q", "amount_paid_q", "amount_due_q")
    return events.SaleCompleted(
        sale_id=str(sale.id),
        **{name: getattr(sale, name) for name in same},
        business_date=sale.business_date.isoformat(),
        customer_id=str(sale.customer_id or ""),
    )


def cancelled(sale: Sale, previous_status: str, reason: str = "") -> events.SaleCancelled:
    """Returns that the sale was given up or taken back."""
    return events.SaleCancelled(
        sale_id=str(sale.id),
        receipt_number=sale.receipt_number,
        storefront=sale.storefront,
        previous_status=previous_status,
        reason=reason,
    )


def refunded(sale: Sale, refund_id: UUID, amount_q: int) -> events.SaleRefunded:
    """Returns that something of the sale was paid back."""
    return events.SaleRefunded(
        sale_id=str(sale.id),
        receipt_number=sale.receipt_number,
        refund_id=str(refund_id),
        currency=sale.currency,
        amount_q=amount_q,
    )
