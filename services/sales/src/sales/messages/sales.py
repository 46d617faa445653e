"""Sales, their items, and their payments."""

from collections.abc import Iterable, Mapping
from datetime import UTC
from decimal import Decimal
from typing import Any
from uuid import UUID

from comanda.sales.v1 import sales_pb2 as pb
from comanda.types.v1.options_pb2 import Role
from kit.errors import Invalid
from sales.domain.item import Item, Product
from sales.domain.sale import Completion, NewPayment, NewSale, Sale
from sales.messages.values import enum, given, plain, short, time

SAME = (
    "receipt_number", "storefront", "subtotal_q", "discount_q", "tax_q", "total_q", "amount_paid_q", "amount_due_q",
    "amount_refunded_q", "external_ref", "notes", "currency", "is_credit_sale", "manager_override", "override_reason",
    "override_by",
)  # fmt: skip
WITHOUT_PROFIT = frozenset({Role.ROLE_STAFF, Role.ROLE_CUSTOMER_SERVICE})


def sale(found: Sale, payments: Iterable[Mapping[str, Any]], role: int) -> pb.Sale:
    """Returns the sale as a role may see it."""
    return pb.Sale(
        id=str(found.id),
        **{name: getattr(found, name) for name in SAME},
        status=enum(pb.SaleStatus, found.status),
        type=enum(pb.SaleType, found.type),
        payment_type=enum(pb.PaymentType, found.payment_type),
        customer_id=str(found.customer_id or ""),
        items=[item(each, role) for each in found.items],
        payment_status=enum(pb.PaymentStatus, found.payment_status),
        payments=map(payment, payments),
        user=found.seller,
        business_date=found.business_date.isoformat(),
        created_at=time(found.created_at),
        updated_at=time(found.updated_at),
        completed_at=time(found.completed_at),
        sold_at=time(found.sold_at),
    )


def item(found: Item, role: int) -> pb.SaleItem:
    """Returns the item as a role may see it: staff see neither cost nor profit."""
    made = pb.SaleItem(
        id=str(found.id),
        sku=found.sku,
        name=found.name,
        quantity=f"{found.quantity:.3f}",
        unit_price_q=found.unit_price_q,
        discount_percentage=plain(found.discount_percentage),
        discount_q=found.discount_q,
        base_q=found.base_q,
        tax_rate=plain(found.tax_rate),
        tax_q=found.tax_q,
        total_q=found.total_q,
    )
    if role not in WITHOUT_PROFIT:
        made.unit_cost_q = found.unit_cost_q
        made.profit_amount_q = found.profit_q
        made.total_profit_amount_q = found.total_profit_q
        made.profit_margin = plain(found.profit_margin)
    return made


def payment(row: Mapping[str, Any]) -> pb.Payment:
    """Returns the payment in a mapping with its columns."""
    return pb.Payment(
        id=str(row["id"]),
        sale_id=str(row["sale_id"]),
        method=enum(pb.PaymentMethod, row["method"]),
        amount_q=row["amount_q"],
        reference=row["reference"],
        user=row["processed_by"],
        created_at=time(row["created_at"]),
        payment_intent_id=str(row["payment_intent_id"] or ""),
    )


def completed(found: Sale, payments: Iterable[Mapping[str, Any]]) -> bytes:
    """Returns the answer to a completion as it is kept: with everything, of which each reader is shown his part."""
    return pb.CompleteSaleResponse(sale=sale(found, payments, Role.ROLE_OWNER)).SerializeToString()


def shown(found: pb.Sale, role: int) -> None:
    """Takes out of a sale what a role may not see."""
    if role in WITHOUT_PROFIT:
        for each in found.items:
            for name in ("unit_cost_q", "profit_amount_q", "total_profit_amount_q", "profit_margin"):
                each.ClearField(name)


def customer_id(text: str) -> UUID | None:
    """Returns the id of a customer; None for somebody who walked in."""
    return UUID(text) if text else None


def new_sale(request: pb.CreateSaleRequest) -> NewSale:
    """Returns what is asked of a new draft."""
    return NewSale(
        storefront=request.storefront,
        customer_id=customer_id(request.customer_id),
        type=short(pb.SaleType, request.type),
        payment_type=short(pb.PaymentType, request.payment_type),
        notes=request.notes,
        external_ref=request.external_ref,
        sold_at=request.sold_at.ToDatetime(UTC) if request.HasField("sold_at") else None,
    )


def new_item(request: pb.AddSaleItemRequest | pb.NewSaleItem, item_id: UUID, product: Product, sale_type: str) -> Item:
    """Returns the item that is asked for; raises Invalid(`invalid_qty`)."""
    named = request.HasField("unit_price_q")
    return Item(
        id=item_id,
        sku=product.sku,
        name=product.name,
        quantity=_quantity(request.quantity),
        unit_price_q=request.unit_price_q if named else product.price_q(sale_type),
        price_is_named=named,
        retail_price_q=product.retail_price_q,
        wholesale_price_q=product.wholesale_price_q,
        unit_cost_q=product.cost_q,
        discount_percentage=_discount(request),
        discount_amount_q=request.discount_q if request.HasField("discount_q") else None,
        tax_rate=Decimal(request.tax_rate or 0),
    )


def item_changes(request: pb.UpdateSaleItemRequest) -> dict[str, Any]:
    """Returns the fields of an item that are given; raises Invalid(`invalid_qty`)."""
    changes = given(request, "unit_price_q")
    if changes:
        changes["price_is_named"] = True
    if request.HasField("quantity"):
        changes["quantity"] = _quantity(request.quantity)
    if request.HasField("tax_rate"):
        changes["tax_rate"] = Decimal(request.tax_rate or 0)
    if request.HasField("discount_percentage") or request.HasField("discount_q"):
        changes["discount_percentage"] = _discount(request)
        changes["discount_amount_q"] = request.discount_q if request.HasField("discount_q") else None
    return changes


def _discount(request: pb.AddSaleItemRequest | pb.NewSaleItem | pb.UpdateSaleItemRequest) -> Decimal:
    return Decimal(0) if request.HasField("discount_q") else Decimal(request.discount_percentage or 0)


def _quantity(text: str) -> Decimal:
    if (found := Decimal(text)) <= 0:
        raise Invalid("invalid_qty", qty=text)
    return found


def sale_changes(request: pb.UpdateSaleRequest) -> dict[str, Any]:
    """Returns the fields of a draft that are given."""
    changes = given(request, "notes", "discount_q", "tax_q")
    if request.HasField("customer_id"):
        changes["customer_id"] = customer_id(request.customer_id)
    if request.HasField("type"):
        changes["type"] = short(pb.SaleType, request.type)
    if request.HasField("payment_type"):
        changes["payment_type"] = short(pb.PaymentType, request.payment_type)
    return changes


def new_payment(request: pb.NewPayment | pb.RecordPaymentRequest) -> NewPayment:
    """Returns the payment that is meant."""
    method, intent_id = short(pb.PaymentMethod, request.method), request.payment_intent_id or None
    return NewPayment(method, request.amount_q, request.reference, intent_id)


def completion(request: pb.CompleteSaleRequest) -> Completion:
    """Returns how a draft is to be completed."""
    return Completion(
        payment_type=short(pb.PaymentType, request.payment_type),
        payments=[new_payment(each) for each in request.payments],
        discount_q=request.discount_q if request.HasField("discount_q") else None,
        tax_q=request.tax_q if request.HasField("tax_q") else None,
        manager_override=request.manager_override,
        override_reason=request.override_reason,
        notes=request.notes if request.HasField("notes") else None,
    )
