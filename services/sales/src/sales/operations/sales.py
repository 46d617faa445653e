"""Drafts: opened, changed, and given up. What they hold in the inventory is moved before, outside the transaction."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from kit import outbox
from kit.db import RETRY, Tx
from kit.errors import Conflict, Duplicate, NotFound, Refused
from kit.ids import uuid7
from sales.domain import receipt
from sales.domain import sale as domain
from sales.domain.customer import Customer
from sales.domain.item import Item
from sales.domain.sale import Change, NewSale, Sale
from sales.messages import events
from sales.store import audit, customers
from sales.store import sales as store
from sales.store.businesses import Opening

OVERTAKEN = Conflict("in_progress", retry_after=1)
"""Somebody else changed the draft meanwhile: look again."""


async def draft(tx: Tx, opening: Opening, asked: NewSale) -> Sale:
    """Returns a new draft, which is not written and has no number yet.

    Raises NotFound, Refused (`storefront_inactive`, `customer_required`), and what domain.check_sold_at raises.
    """
    storefront, now = opening.storefront, opening.now
    domain.check_sold_at(asked.sold_at, tx.identity.role if tx.identity else 0, now)
    if storefront is None:
        raise NotFound("not_found", code=asked.storefront)
    if not storefront.is_active:
        raise Refused("storefront_inactive", storefront=storefront.code)
    if asked.payment_type == domain.CREDIT and asked.customer_id is None:
        raise Refused("customer_required")
    customer = await customers.customer(tx, asked.customer_id) if asked.customer_id else None
    return Sale(
        id=uuid7(), receipt_number="", storefront=storefront.code, seller=tx.actor, customer_id=asked.customer_id,
        business_date=receipt.business_date(storefront, asked.sold_at or now),
        type=asked.type or (customer.customer_type if customer else "retail"), status=domain.DRAFT,
        payment_type=asked.payment_type or domain.CASH, currency=storefront.currency, items=(), discount_q=0, tax_q=0,
        amount_paid_q=0, amount_refunded_q=0, is_credit_sale=False, manager_override=False, override_reason="",
        override_by="", notes=asked.notes, rev=0, completion_id=None, stock_ref="", created_at=now, updated_at=now,
        completed_at=None, external_ref=asked.external_ref, sold_at=asked.sold_at,
    )  # fmt: skip


def create(tx: Tx, draft: Sale, count: int) -> Sale:
    """Writes a new draft, whose items' stock is held, as its storefront's count-th of the day.

    Raises Duplicate(`duplicate_external_ref`) at the end of the transaction.
    """
    tx.conflicts["sales_external_ref"] = Duplicate("duplicate_external_ref", external_ref=draft.external_ref)
    number = receipt.number(draft.storefront, draft.business_date, count)
    new = replace(draft, receipt_number=number)
    store.insert(tx, new)
    store.save_items(tx, new.id, (), new.items)
    audit.record(tx, "sale.created", f"Sale {number} created", after={"receipt_number": number}, **about(new))
    for each in new.items:
        told = {**about(new), "sale_item_id": each.id}
        audit.record(tx, "sale_item.added", f"Sale {number}: sale_item.added", after=_told(new, [each]), **told)
    if new.items:
        audit.record(tx, "stock.reserved", f"Sale {number}: stock held", after=_held(new), **about(new))
    return new


async def change(tx: Tx, sale_id: UUID, change: Change) -> Sale:
    """Changes the fields of a draft; raises NotFound and what the change raises."""
    before = await store.sale(tx, sale_id, lock=True)
    after = change(before)
    if after.customer_id and after.customer_id != before.customer_id:
        await customers.customer(tx, after.customer_id)
    store.save(tx, after)
    store.save_items(tx, sale_id, before.items, after.items)
    _tell_change(tx, "sale.updated", before, after)
    return replace(after, updated_at=tx.now)


def change_items(tx: Tx, now: datetime, before: Sale, after: Sale, event: str, item_id: UUID) -> Sale:
    """Writes how a draft's items have changed, whose stock was moved; raises OVERTAKEN if the draft is not what it was."""
    tx.now, tx.overtaken = now, OVERTAKEN
    store.save_draft(tx, before, after)
    store.save_items(tx, before.id, before.items, after.items)
    _tell_change(tx, event, before, after, sale_item_id=item_id)
    told = {**about(after), "sale_item_id": item_id}
    audit.record(tx, "stock.reserved", f"Sale {after.receipt_number}: stock held", after=_held(after), **told)
    return replace(after, updated_at=now)


def _tell_change(tx: Tx, event: str, before: Sale, after: Sale, **about_item: Any) -> None:
    said = {"before": _told(before, before.items), "after": _told(after, after.items), **about(after), **about_item}
    audit.record(tx, event, f"Sale {after.receipt_number}: {event}", **said)


async def lock(tx: Tx, sale_id: UUID) -> tuple[Sale, Customer | None]:
    """Locks a sale's customer, if it has one, and then the sale; raises NotFound."""
    customer_id = await store.customer_of(tx, sale_id)
    customer = await customers.customer(tx, customer_id, lock=True) if customer_id else None
    sale = await store.sale(tx, sale_id, lock=True)
    if sale.customer_id != customer_id:
        raise RETRY
    return sale, customer


async def abandon(tx: Tx, sale_id: UUID, reason: str = "") -> tuple[Sale, bool]:
    """Gives a draft up; returns the sale and whether it was a draft. Raises NotFound, or Conflict while it is being completed."""
    before = await store.sale(tx, sale_id, lock=True)
    if before.status != domain.DRAFT:
        return before, False
    after = domain.abandoned(before)
    store.save(tx, after)
    audit.record(
        tx, "sale.cancelled", f"Sale {after.receipt_number} abandoned", {"previous_status": before.status},
        {"status": after.status, "reason": reason}, **about(after),
    )  # fmt: skip
    outbox.add(tx, f"sale/{after.id}", events.cancelled(after, before.status, reason))
    if before.items:
        audit.record(
            tx, "stock.released", f"Sale {after.receipt_number}: stock released", _held(before), **about(after)
        )
    return replace(after, updated_at=tx.now), True


def about(sale: Sale) -> dict[str, Any]:
    """Returns what an audit entry says of a sale."""
    return {"sale_id": sale.id, **({"customer_id": sale.customer_id} if sale.customer_id else {})}


def _told(sale: Sale, items: Iterable[Item]) -> dict[str, Any]:
    told = {str(each.id): [each.sku, f"{each.quantity:.3f}", each.unit_price_q, each.total_q] for each in items}
    return {
        "type": sale.type,
        "discount_q": sale.discount_q,
        "tax_q": sale.tax_q,
        "total_q": sale.total_q,
        "items": told,
    }


def _held(sale: Sale) -> dict[str, Any]:
    return {"storefront": sale.storefront, "units": [[each.sku, f"{each.quantity:.3f}"] for each in sale.items]}
