"""One short function per event."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from comanda.erp.events.v1 import events_pb2 as erp
from comanda.inventory.events.v1 import events_pb2 as inventory
from comanda.sales.events.v1 import events_pb2 as sales
from comanda.sales.events.v1 import payments_pb2 as money
from comanda.sales.events.v1 import sales_pb2 as counter
from comanda.types.v1 import messaging_pb2
from kit.consumer import Handler, Received, on
from kit.db import Tx
from kit.signals import Signals
from orders.domain.history import (
    ERP_BOOKED,
    ERP_CANCELLED,
    ERP_INVOICED,
    PAYMENT_AUTHORIZED,
    PAYMENT_CAPTURED,
    PAYMENT_REFUNDED,
)
from orders.operations import bookings, due, payments, persons, settlement, webhooks
from orders.store import channels as store
from orders.store import prices

PAYMENT_REMINDER, DAY_ENDED = "payment.reminder", "day.ended"
"""Topics under which addresses of a business hear of what happened in sales."""


def handlers(signals: Signals) -> Sequence[Handler[Any]]:
    """Returns the handlers; whoever waits for a session's checks is woken through the signals."""

    @on(messaging_pb2.DirectiveSettled)
    async def settle(tx: Tx, batch: list[Received[messaging_pb2.DirectiveSettled]]) -> None:
        if checked := await settlement.settle(tx, batch):
            tx.committed.append(partial(signals.tell, checked))

    @on(sales.BusinessCreated)
    async def remember_business(tx: Tx, batch: list[Received[sales.BusinessCreated]]) -> None:
        known = {each.business: each.message for each in batch}
        zones = [message.timezone for message in known.values()]
        currencies = [message.currency for message in known.values()]
        await tx.connection.execute(store.UPSERT_BUSINESSES, list(known), zones, currencies)

    return [
        settle,
        remember_business,
        resume_backordered,
        pass_reminder_on,
        pass_day_on,
        forget_customer,
        note_authorization,
        note_capture,
        note_refund,
        *BOOKS,
        *CATALOGUE,
    ]


@on(counter.PaymentReminderDue)
async def pass_reminder_on(tx: Tx, batch: list[Received[counter.PaymentReminderDue]]) -> None:
    """Lets a business hear of debts at the addresses that want it, so that it can remind its customer in its own way."""
    await webhooks.pass_on(tx, PAYMENT_REMINDER, [(each.business, each.message) for each in batch])


@on(counter.DayEnded)
async def pass_day_on(tx: Tx, batch: list[Received[counter.DayEnded]]) -> None:
    """Likewise of what a storefront sold on a day that is over."""
    await webhooks.pass_on(tx, DAY_ENDED, [(each.business, each.message) for each in batch])


@on(counter.CustomerErased)
async def forget_customer(tx: Tx, batch: list[Received[counter.CustomerErased]]) -> None:
    """Forgets who a customer is, too."""
    for each in batch:
        await persons.forget(tx, each.business, each.message.customer_id)


@on(money.PaymentAuthorized)
async def note_authorization(tx: Tx, batch: list[Received[money.PaymentAuthorized]]) -> None:
    """Lets orders know of money that was promised without a directive of theirs."""
    await payments.note(tx, PAYMENT_AUTHORIZED, batch)


@on(money.PaymentCaptured)
async def note_capture(tx: Tx, batch: list[Received[money.PaymentCaptured]]) -> None:
    """Likewise of money that was taken."""
    await payments.note(tx, PAYMENT_CAPTURED, batch)


@on(money.PaymentRefunded)
async def note_refund(tx: Tx, batch: list[Received[money.PaymentRefunded]]) -> None:
    """Likewise of money that was given back."""
    await payments.note(tx, PAYMENT_REFUNDED, batch)


@on(erp.OrderBooked)
async def note_booking(tx: Tx, batch: list[Received[erp.OrderBooked]]) -> None:
    """Lets orders know under which number they are in the ERP."""
    await bookings.note(tx, ERP_BOOKED, batch)


@on(erp.OrderInvoiced)
async def note_invoice(tx: Tx, batch: list[Received[erp.OrderInvoiced]]) -> None:
    """Lets orders know of their invoices."""
    await bookings.note(tx, ERP_INVOICED, batch)


@on(erp.OrderCancelledInErp)
async def note_cancellation(tx: Tx, batch: list[Received[erp.OrderCancelledInErp]]) -> None:
    """Lets orders know that they are cancelled in the ERP; what follows from that is for a person to say."""
    await bookings.note(tx, ERP_CANCELLED, batch)


@on(inventory.AwaitedStockArrived)
async def resume_backordered(tx: Tx, batch: list[Received[inventory.AwaitedStockArrived]]) -> None:
    """Has the units of orders leave that waited for goods."""
    await due.resume(tx, [(each.business, each.message.order_ref) for each in batch])


BOOKS: Sequence[Handler[Any]] = (note_booking, note_invoice, note_cancellation)


@on(inventory.ProductCreated)
async def learn_product(tx: Tx, batch: list[Received[inventory.ProductCreated]]) -> None:
    """Keeps what a product costs, for when inventory cannot be asked."""
    await prices.learn_products(tx, map(_product, batch))


@on(inventory.ProductUpdated)
async def relearn_product(tx: Tx, batch: list[Received[inventory.ProductUpdated]]) -> None:
    """Likewise."""
    await prices.learn_products(tx, map(_product, batch))


@on(inventory.PriceListCreated)
async def learn_price_list(tx: Tx, batch: list[Received[inventory.PriceListCreated]]) -> None:
    """Keeps whether a price list is in use."""
    await prices.learn_lists(tx, map(_price_list, batch))


@on(inventory.PriceListUpdated)
async def relearn_price_list(tx: Tx, batch: list[Received[inventory.PriceListUpdated]]) -> None:
    """Likewise."""
    await prices.learn_lists(tx, map(_price_list, batch))


@on(inventory.PricesSet)
async def learn_prices(tx: Tx, batch: list[Received[inventory.PricesSet]]) -> None:
    """Keeps what products cost on price lists."""
    await prices.learn_prices(tx, [row for each in batch for row in _prices(each)])


CATALOGUE: Sequence[Handler[Any]] = (learn_product, relearn_product, learn_price_list, relearn_price_list, learn_prices)


def _product(each: Received[Any]) -> tuple[UUID, str, str, int, bool, datetime]:
    told = each.message
    return each.business, told.sku, told.name, told.prices.retail_price_q, told.is_active, each.occurred_at


def _price_list(each: Received[Any]) -> tuple[UUID, str, str, bool, datetime]:
    return each.business, each.message.code, each.message.currency, each.message.is_active, each.occurred_at


def _prices(each: Received[inventory.PricesSet]) -> Iterator[tuple[UUID, str, str, int | None, datetime]]:
    for price in each.message.prices:
        price_q = price.price_q if price.HasField("price_q") else None
        yield each.business, each.message.price_list, price.sku, price_q, each.occurred_at
