"""Drafts: opened, changed, and given up. What they hold in the inventory is moved before, outside the transaction."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from kit import outbox
from kit.db import RETRY, Tx
from kit.errors import Conflict, Duplicate, Refused
from kit.ids import uuid7
from sales.domain import receipt
from sales.domain import sale as domain
from sales.domain.customer import Customer
from sales.domain.sale import Change, Sale
from sales.messages import events
from sales.store import audit, businesses, customers
from sales.store import sales as store

OVERTAKEN = Conflict("in_progress", retry_after=1)
"""Somebody else changed the draft meanwhile: look again."""


async def create(
    tx: Tx, storefront_code: str, customer_id: UUID | None, sold_at: datetime | None, **given: str
) -> Sale:
    """Opens a draft; an empty type is the customer's, an empty payment type cash.

    Raises NotFound, Refused (`storefront_inactive`, `customer_required`), Duplicate(`duplicate_external_ref`), and what
    domain.check_sold_at raises.
    """
    domain.check_sold_at(sold_at, tx.identity.role if tx.identity else 0, tx.now)
    storefront = await businesses.storefront(tx, storefront_code)
    if not storefront.is_active:
        raise Refused("storefront_inactive", storefront=storefront_code)
    if given["payment_type"] == domain.CREDIT and customer_id is None:
        raise Refused("customer_required")
    customer = await customers.customer(tx, customer_id) if customer_id else None
    day = receipt.business_date(storefront, sold_at or tx.now)
    number = receipt.number(storefront_code, day, await store.next_receipt(tx, storefront_code, day))
    new = Sale(
        id=uuid7(), receipt_number=number, storefront=storefront_code, business_date=day, seller=tx.actor,
        customer_id=customer_id, type=given["type"] or (customer.customer_type if customer else "retail"),
        status=domain.DRAFT, payment_type=given["payment_type"] or domain.CASH, currency=storefront.currency, items=(),
        discount_q=0, tax_q=0, amount_paid_q=0, amount_refunded_q=0, is_credit_sale=False, manager_override=False,
        override_reason="", override_by="", notes=given["notes"], rev=0, completion_id=None, stock_ref="",
        created_at=tx.now, updated_at=tx.now, completed_at=None, external_ref=given["external_ref"], sold_at=sold_at,
    )  # fmt: skip
    tx.conflicts["sales_external_ref"] = Duplicate("duplicate_external_ref", external_ref=new.external_ref)
    store.insert(tx, new)
    audit.record(tx, "sale.created", f"Sale {number} created", after={"receipt_number": number}, **about(new))
    return new


async def change(
    tx: Tx, sale_id: UUID, rev: int | None, change: Change, event: str, item_id: UUID | None = None
) -> Sale:
    """Changes a draft that is still at the revision for which its stock was moved; None: no stock had to be moved.

    Raises NotFound, OVERTAKEN, and what the change raises.
    """
    before = await store.sale(tx, sale_id, lock=True)
    if rev is not None and before.rev != rev:
        raise OVERTAKEN
    after = change(before)
    if after.customer_id and after.customer_id != before.customer_id:
        await customers.customer(tx, after.customer_id)
    store.save(tx, after)
    store.save_items(tx, sale_id, before.items, after.items)
    told = {**about(after), **({"sale_item_id": item_id} if item_id else {})}
    audit.record(tx, event, f"Sale {after.receipt_number}: {event}", _told(before), _told(after), **told)
    if event.startswith("sale_item."):
        audit.record(tx, "stock.reserved", f"Sale {after.receipt_number}: stock held", after=_held(after), **told)
    return replace(after, updated_at=tx.now)


async def lock(tx: Tx, sale_id: UUID) -> tuple[Sale, Customer | None]:
    """Locks a sale's customer, if it has one, and then the sale; raises NotFound."""
    customer_id = await store.customer_of(tx, sale_id)
    customer = await customers.customer(tx, customer_id, lock=True) if customer_id else None
    sale = await store.sale(tx, sale_id, lock=True)
    if sale.customer_id != customer_id:
        raise RETRY
    return sale, customer


async def abandon(tx: Tx, sale_id: UUID) -> tuple[Sale, bool]:
    """Gives a draft up; returns the sale and whether it was a draft. Raises NotFound, or Conflict while it is being completed."""
    before = await store.sale(tx, sale_id, lock=True)
    if before.status != domain.DRAFT:
        return before, False
    after = domain.abandoned(before)
    store.save(tx, after)
    audit.record(
        tx, "sale.cancelled", f"Sale {after.receipt_number} abandoned", {"status": before.status},
        {"status": after.status}, **about(after),
    )  # fmt: skip
    outbox.add(tx, f"sale/{after.id}", events.cancelled(after, before.status))
    if before.items:
        audit.record(
            tx, "stock.released", f"Sale {after.receipt_number}: stock released", _held(before), **about(after)
        )
    return replace(after, updated_at=tx.now), True


def about(sale: Sale) -> dict[str, Any]:
    """Returns what an audit entry says of a sale."""
    return {"sale_id": sale.id, **({"customer_id": sale.customer_id} if sale.customer_id else {})}


def _told(sale: Sale) -> dict[str, Any]:
    items = {str(each.id): [each.sku, f"{each.quantity:.3f}", each.unit_price_q, each.total_q] for each in sale.items}
    return {
        "type": sale.type,
        "discount_q": sale.discount_q,
        "tax_q": sale.tax_q,
        "total_q": sale.total_q,
        "items": items,
    }


def _held(sale: Sale) -> dict[str, Any]:
    return {"storefront": sale.storefront, "units": [[each.sku, f"{each.quantity:.3f}"] for each in sale.items]}
