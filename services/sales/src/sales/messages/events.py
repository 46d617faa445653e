"""What others are told of a sale."""

from uuid import UUID

from comanda.sales.events.v1 import sales_pb2 as events
from sales.domain.customer import Customer
from sales.domain.item import Item
from sales.domain.sale import Sale


def completed(sale: Sale, customer: Customer | None) -> events.SaleCompleted:
    """Returns that the sale was completed, with all that the books need."""
    same = ("receipt_number", "storefront", "status", "currency", "total_q", "amount_paid_q", "amount_due_q")
    return events.SaleCompleted(
        sale_id=str(sale.id),
        **{name: getattr(sale, name) for name in same},
        business_date=sale.business_date.isoformat(),
        customer_id=str(sale.customer_id or ""),
        items=map(_sold, sale.items),
        discount_q=min(sale.discount_q, sale.subtotal_q),
        tax_q=sale.tax_q,
        buyer=events.Buyer(name=customer.name, email=customer.email, phone=customer.phone) if customer else None,
    )


def _sold(item: Item) -> events.SoldItem:
    same = ("sku", "name", "unit_price_q", "gross_q", "discount_q", "tax_q")
    return events.SoldItem(
        item_id=str(item.id), quantity=f"{item.quantity:f}", **{name: getattr(item, name) for name in same}
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
