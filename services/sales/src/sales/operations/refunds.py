"""Refunds and cancellations. The sale's customer is locked first, then the sale, which its refunds follow."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from kit import outbox
from kit.db import Tx
from kit.errors import Conflict, Invalid, Refused
from kit.ids import uuid7
from sales.domain import credit
from sales.domain import refund as domain
from sales.domain.customer import Customer
from sales.domain.refund import Refund, Wanted
from sales.domain.sale import CANCELLED, DRAFT, REFUNDED, Sale
from sales.messages import events
from sales.operations import repayments
from sales.operations.sales import abandon, about, lock
from sales.store import audit, customers
from sales.store import refunds as store
from sales.store import sales as sales_store
from sales.store.refunds import Restock


async def request(tx: Tx, sale_id: UUID, kind: str, wanted: Sequence[Wanted], reason: str) -> Refund:
    """Asks for a refund, of all that is left where no items are named. Raises NotFound, Invalid, and what the domain refuses."""
    sale, _ = await lock(tx, sale_id)
    earlier = await store.of_sale(tx, sale_id)
    kind = kind or (domain.PART if wanted else domain.FULL)
    if kind == domain.FULL:
        wanted = domain.remaining(sale, earlier, restock=all(want.restock for want in wanted))
        if not wanted:
            raise Refused("refund_exceeds_paid", refundable_q=0, amount_q=sale.amount_paid_q)
    elif not wanted:
        raise Invalid("refund_items_required", type=kind, field="items")
    made = _new(tx, sale, kind, domain.parts(sale, earlier, wanted), reason)
    domain.check_refundable(sale, kind, made.amount_q, earlier, tx.now)
    store.insert(tx, made)
    _tell(tx, "refund.requested", sale, made)
    return made


def _new(tx: Tx, sale: Sale, kind: str, parts: Sequence[domain.Part], reason: str) -> Refund:
    return Refund(
        id=uuid7(), sale_id=sale.id, type=kind, status=domain.REQUESTED, amount_q=sum(part.amount_q for part in parts),
        reason=reason, items=parts, requested_by=tx.actor, decided_by="", rejection_reason="", processed_by="",
        created_at=tx.now, decided_at=None, processed_at=None,
    )  # fmt: skip


async def approve(tx: Tx, refund_id: UUID) -> Refund:
    """Approves a refund, within the limit of the caller's role.

    Raises NotFound or Refused (`refund_not_open`, `role_limit_exceeded`).
    """
    sale, found = await _lock(tx, refund_id)
    approved = domain.moved(found, domain.APPROVED)
    domain.check_limit(tx.identity.role if tx.identity else 0, found.amount_q)
    return _decided(tx, sale, approved, "refund.approved")


async def reject(tx: Tx, refund_id: UUID, reason: str) -> Refund:
    """Rejects a refund; raises NotFound or Refused(`refund_not_open`)."""
    sale, found = await _lock(tx, refund_id)
    rejected = replace(domain.moved(found, domain.REJECTED), rejection_reason=reason)
    return _decided(tx, sale, rejected, "refund.rejected")


def _decided(tx: Tx, sale: Sale, refund: Refund, event: str) -> Refund:
    decided = replace(refund, decided_by=tx.actor, decided_at=tx.now)
    store.save(tx, decided)
    _tell(tx, event, sale, decided)
    return decided


async def _lock(tx: Tx, refund_id: UUID) -> tuple[Sale, Refund]:
    seen = await store.refund(tx, refund_id)
    sale, _ = await lock(tx, seen.sale_id)
    return sale, await store.refund(tx, refund_id, lock=True)


async def process(tx: Tx, refund_id: UUID) -> UUID | None:
    """Pays an approved refund back, or asks providers again that declined; returns the restock that follows, if one does.

    Raises NotFound, Refused(`refund_not_open`), and what pay_back raises.
    """
    sale, found = await _lock(tx, refund_id)
    if found.status == domain.PROCESSED and await repayments.ask_again(tx, found):
        return None
    done = replace(domain.moved(found, domain.PROCESSED), processed_by=tx.actor, processed_at=tx.now)
    await repayments.pay_back(tx, sale, done)
    everything = not domain.remaining(sale, await store.of_sale(tx, sale.id), restock=False)
    sales_store.save(tx, domain.refunded(sale, done.amount_q, everything))
    store.save(tx, done)
    _tell(tx, "refund.processed", sale, done)
    outbox.add(tx, f"sale/{sale.id}", events.refunded(sale, done.id, done.amount_q))
    return _restock(tx, sale, done)


async def settle(tx: Tx, refund_id: UUID, reason: str) -> None:
    """Notes that what providers declined of a refund was paid in another way; raises NotFound or Refused(`nothing_declined`)."""
    sale, found = await _lock(tx, refund_id)
    await repayments.settle(tx, sale, found, reason)


async def cancel(tx: Tx, sale_id: UUID, reason: str, restock: bool) -> tuple[Sale, UUID | None]:
    """Takes a finished sale back whole, or gives a draft up; returns it and the restock that follows, if one does.

    Raises NotFound, Conflict while it is being completed, or Refused (`sale_already_cancelled`, `refund_under_way`,
    `role_limit_exceeded`).
    """
    sale, customer = await lock(tx, sale_id)
    if sale.status == DRAFT:
        return (await abandon(tx, sale_id, reason))[0], None
    if sale.completion_id:
        raise Conflict("in_progress", retry_after=1)
    if sale.status in (CANCELLED, REFUNDED):
        raise Refused("sale_already_cancelled", status=sale.status)
    earlier = await store.of_sale(tx, sale_id)
    if any(each.status in (domain.REQUESTED, domain.APPROVED) for each in earlier):
        raise Refused("refund_under_way")
    refund = _whole(tx, sale, earlier, reason, restock)
    domain.check_limit(tx.identity.role if tx.identity else 0, refund.amount_q + sale.amount_due_q)
    if refund.items or refund.amount_q:
        store.insert(tx, refund)
        await repayments.pay_back(tx, sale, refund)
        _tell(tx, "refund.processed", sale, refund)
    if sale.is_credit_sale and customer and sale.amount_due_q:
        _strike_off(tx, customer, sale)
    after = replace(
        sale, status=CANCELLED, amount_refunded_q=sale.amount_refunded_q + refund.amount_q, rev=sale.rev + 1
    )
    sales_store.save(tx, after)
    audit.record(
        tx, "sale.cancelled", f"Sale {sale.receipt_number} cancelled", {"previous_status": sale.status},
        {"status": after.status, "reason": reason, "restock": restock}, **about(sale),
    )  # fmt: skip
    outbox.add(tx, f"sale/{sale.id}", events.cancelled(sale, sale.status, reason))
    return replace(after, updated_at=tx.now), _restock(tx, sale, refund)


def _whole(tx: Tx, sale: Sale, earlier: Sequence[Refund], reason: str, restock: bool) -> Refund:
    """Returns a refund, done at once, of all that is left: its units, and what was paid and not paid back."""
    left = domain.parts(sale, earlier, domain.remaining(sale, earlier, restock))
    refund = _new(tx, sale, domain.FULL, left, reason)
    return replace(
        refund,
        amount_q=domain.refundable_q(sale, earlier),
        status=domain.PROCESSED,
        decided_by=tx.actor,
        decided_at=tx.now,
        processed_by=tx.actor,
        processed_at=tx.now,
    )


def _strike_off(tx: Tx, customer: Customer, sale: Sale) -> None:
    changed, entry = credit.enter(
        customer, credit.REFUND, -sale.amount_due_q, str(sale.id), f"Sale {sale.receipt_number} cancelled"
    )
    customers.save_account(tx, changed)
    customers.enter(tx, entry)


def _restock(tx: Tx, sale: Sale, refund: Refund) -> UUID | None:
    """Writes down which goods return to the shelf; the inventory is told after the commit, and until it has been."""
    lines = [(sale.item(part.item_id).sku, f"{part.quantity:.3f}") for part in refund.items if part.restock]
    if not lines:
        return None
    restock_id = uuid7()
    store.add_restock(
        tx,
        Restock(
            tx.business, restock_id, sale.storefront, lines, sale.stock_ref, f"refund {refund.id}: {refund.reason}"
        ),
    )
    audit.record(
        tx, "stock.released", f"Sale {sale.receipt_number}: goods return", after={"units": lines},
        refund_id=refund.id, **about(sale),
    )  # fmt: skip
    return restock_id


def _tell(tx: Tx, event: str, sale: Sale, refund: Refund) -> None:
    after = {"status": refund.status, "amount_q": refund.amount_q, "reason": refund.reason}
    audit.record(tx, event, f"Sale {sale.receipt_number}: {event}", after=after, refund_id=refund.id, **about(sale))
