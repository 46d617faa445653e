"""What sales tells without being asked: once, however many processes look for it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from comanda.sales.events.v1 import sales_pb2 as events
from comanda.types.v1 import messaging_pb2
from kit import db, outbox
from kit.testing import eventually
from sales.operations import jobs

pytestmark = pytest.mark.xdist_group("counter")


@pytest.fixture
async def told(shop: Any, nats: Client) -> AsyncIterator[list[messaging_pb2.Envelope]]:
    """What the business has published."""
    seen: list[messaging_pb2.Envelope] = []

    async def see(message: Msg) -> None:
        envelope = messaging_pb2.Envelope.FromString(message.data)
        if envelope.business_id == str(shop.id):
            seen.append(envelope)

    prefix = shop.counter.environment["COMANDA_STREAM_PREFIX"]
    subscription = await nats.subscribe(f"{prefix}.events.>", cb=see)
    yield seen
    await subscription.unsubscribe()


def of(told: list[messaging_pb2.Envelope], event: Any) -> list[Any]:
    return [event.FromString(each.payload) for each in told if each.type == event.DESCRIPTOR.full_name]


async def heard(told: list[messaging_pb2.Envelope], event: Any, **fields: object) -> None:
    """Waits for an event whose fields are these."""

    async def there() -> bool:
        return any(all(getattr(each, name) == value for name, value in fields.items()) for each in of(told, event))

    await eventually(there, 60)


async def test_others_hear_what_becomes_of_a_sale(shop: Any, told: list[Any]) -> None:
    sale = await shop.draft()
    await shop.add(sale)
    await shop.complete(sale, ("cash", 2000))
    await heard(told, events.SaleCompleted)
    [done] = of(told, events.SaleCompleted)
    assert (done.sale_id, done.receipt_number, done.total_q, done.amount_due_q) == (
        sale.id,
        sale.receipt_number,
        2000,
        0,
    )
    [item] = done.items
    assert (item.sku, item.gross_q, item.discount_q, item.tax_q) == ("CAFE", 2000, 0, 0)
    assert not done.HasField("buyer")


async def test_an_unpaid_sale_is_told_of_before_it_is_due_and_after_and_once_each(shop: Any, told: list[Any]) -> None:
    customer = await shop.customer(credit_terms_days=30)
    sale = await shop.draft(customer_id=customer.id)
    await shop.add(sale)
    await shop.on_credit(sale)
    for days, stage in ((28, "upcoming"), (31, "overdue")):
        await shop.rows(
            "update sales set completed_at = now() - make_interval(days => $2) where id = $1", sale.id, days
        )
        await together(shop, jobs.remind)
        await heard(told, events.PaymentReminderDue, stage=stage)
    await together(shop, jobs.remind)
    await told_everything(shop, told)
    found = of(told, events.PaymentReminderDue)
    assert [(each.stage, each.amount_due_q, each.customer_id) for each in found] == [
        ("upcoming", 2000, customer.id), ("overdue", 2000, customer.id),
    ]  # fmt: skip


async def test_a_day_that_is_over_is_told_once_with_what_was_sold(shop: Any, told: list[Any]) -> None:
    sale = await shop.draft()
    await shop.add(sale, tax_rate="10")
    await shop.complete(sale, ("cash", 2200))
    await shop.rows("update sales set business_date = business_date - 2 where business_id = $1", shop.id)
    await shop.rows("update storefronts set created_at = now() - interval '2 days' where business_id = $1", shop.id)
    await together(shop, jobs.end_days)
    await heard(told, events.DayEnded, sales_count=1)
    await heard(told, events.DayEnded, sales_count=0)
    await together(shop, jobs.end_days)
    await told_everything(shop, told)
    found = sorted((each.date, each.sales_count, each.total_sales_q, each.tax_q) for each in of(told, events.DayEnded))
    assert [each[1:] for each in found] == [(1, 2200, 200), (0, 0, 0)]


async def test_a_draft_that_nobody_touches_is_given_up(shop: Any, told: list[Any]) -> None:
    idle, fresh = await shop.draft(), await shop.draft()
    await shop.rows(
        "update sales set created_at = now() - interval '25 hours', updated_at = now() - interval '25 hours' where id = $1",
        idle.id,
    )
    await heard(told, events.SaleCancelled)
    assert [each.sale_id for each in of(told, events.SaleCancelled)] == [idle.id]
    statuses = await shop.rows("select id::text, status from sales where business_id = $1 order by id", shop.id)
    assert [tuple(each) for each in statuses] == [(idle.id, "cancelled"), (fresh.id, "draft")]


async def test_a_balance_that_is_not_the_sum_of_its_entries_is_told(shop: Any, told: list[Any]) -> None:
    customer = await shop.customer()
    await together(shop, jobs.check_credit)
    await shop.rows("update customers set balance_q = 5 where id = $1", customer.id)
    await together(shop, jobs.check_credit)
    await heard(told, events.CreditMismatchFound)
    await shop.rows("update customers set balance_q = 0 where id = $1", customer.id)
    await told_everything(shop, told)
    [found] = of(told, events.CreditMismatchFound)
    assert (found.customer_id, found.balance_q, found.entries_q) == (customer.id, 5, 0)


async def together(shop: Any, job: Any) -> None:
    """Runs a job in many processes at once, beside the service, which runs it too."""
    prefix = shop.counter.environment["COMANDA_STREAM_PREFIX"]
    pool = await db.connect(shop.counter.databases["sales"], 5)
    try:
        # Nobody is woken: the service's relay looks by itself.
        database = db.Database(pool, lambda tx: outbox.close(tx, prefix), lambda: None)
        await asyncio.gather(*(database.run(lambda tx, _: job(tx)) for _ in range(5)))
    finally:
        await pool.close()


async def told_everything(shop: Any, told: list[Any]) -> None:
    """Returns when whatever was to be told before is told: what is published later comes later."""
    sale = await shop.draft()
    await shop.add(sale, "LEITE", "1")
    await shop.complete(sale, ("cash", 500))
    await heard(told, events.SaleCompleted, sale_id=sale.id)
