"""What has to be told without anybody asking; each function tells whether there may be more."""

from datetime import timedelta
from uuid import UUID

import structlog

from comanda.sales.events.v1 import sales_pb2 as events
from kit import outbox
from kit.db import Tx
from sales.domain.sale import DRAFT
from sales.operations import sales
from sales.queries import reports
from sales.store import jobs as store
from sales.store import sales as sales_store

LOG = structlog.get_logger()
BATCH = 100
UPCOMING_DAYS = 3
IDLE_HOURS = 24
TOLD = ("sales_count", "total_sales_q", "tax_q", "refunds_q")


async def remind(tx: Tx) -> bool:
    """Tells of sales that are not paid, three days before they are due and when they are overdue."""
    rows = await store.reminders(tx, UPCOMING_DAYS, BATCH)
    for row in rows:
        said = dict(row)
        business = said.pop("business_id")
        told = said | {"sale_id": str(row["sale_id"]), "due_at": row["due_at"].isoformat()}
        outbox.add(tx, f"sale/{row['sale_id']}", events.PaymentReminderDue(**told), business=business)
    return len(rows) == BATCH


async def end_days(tx: Tx) -> bool:
    """Tells what storefronts have sold on the business days that are over."""
    rows = await store.ended_days(tx, BATCH)
    for business, storefront, day in rows:
        found = await reports.days_of(tx, day, day, storefront, business)
        totals = {name: found[0][name] for name in TOLD} if found else {}
        event = events.DayEnded(storefront=storefront, date=day.isoformat(), **totals)
        outbox.add(tx, f"storefront/{storefront}", event, business=business)
    return len(rows) == BATCH


async def abandon_idle(tx: Tx, sale_id: UUID) -> None:
    """Gives a draft up that is still idle; what its cart held has ended by itself long before."""
    found = await sales_store.sale(tx, sale_id, lock=True)
    if found.status == DRAFT and not found.completion_id and found.updated_at < tx.now - timedelta(hours=IDLE_HOURS):
        await sales.abandon(tx, sale_id)


async def check_credit(tx: Tx) -> bool:
    """Tells of customers whose balance is not the sum of their entries."""
    rows = await store.mismatches(tx, BATCH)
    for business, customer_id, balance_q, entries_q in rows:
        LOG.error("a balance is not the sum of its entries", customer=str(customer_id), business=str(business))
        event = events.CreditMismatchFound(customer_id=str(customer_id), balance_q=balance_q, entries_q=entries_q)
        outbox.add(tx, f"customer/{customer_id}", event, business=business)
    return len(rows) == BATCH
