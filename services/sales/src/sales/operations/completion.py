"""Completing a sale, a process over two services; what it decides, and what is written at each of its steps.

begin: the credit is held and the intention written · (the inventory takes the units) · settle: everything is written, or the
attempt is to be undone · (the inventory brings back what it may have taken) · refuse: the credit is released and the sale a
draft again. Who asks, a repeat of him, or a sweep may go on from any step: an attempt is settled once, under its lock.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

from kit import outbox
from kit.db import RETRY, Tx
from kit.errors import NotFound, Refused
from kit.ids import uuid7
from sales.domain import credit
from sales.domain import customer as customers_domain
from sales.domain import sale as domain
from sales.domain.customer import Customer
from sales.domain.sale import Completion, NewPayment, Sale
from sales.messages import events
from sales.operations import intents
from sales.operations.sales import about, lock
from sales.store import audit, customers, order_credits
from sales.store import completions as store
from sales.store import intents as intents_store
from sales.store import sales as sales_store
from sales.store.completions import DONE, RUNNING, Attempt


class Begun(NamedTuple):
    """An attempt, and its sale where it is new."""

    attempt: Attempt
    sale: Sale | None


Answer = Callable[[Sale, list[Mapping[str, Any]]], bytes]
"""Makes what the caller is answered, of the sale and its payments."""


async def begin(tx: Tx, sale_id: UUID, wanted: Completion, key: str, digest: bytes) -> Begun:
    """Holds the credit and writes down what is intended; returns the attempt, an earlier one where the key stands for it.

    Nothing is locked before the end, unless an account or an intent is at stake. Raises NotFound, Refused
    (`idempotency_key_reuse`, and whatever domain.completed, customer.objection, and intents.pay_sale answer), or Conflict.
    """
    found = await store.to_complete(tx, sale_id, key)
    if (found is None or found[2]) and (earlier := await _earlier(tx, key, digest)):
        return Begun(earlier, None)
    if found is None:
        raise NotFound("not_found", id=str(sale_id))
    sale, limits, _ = found
    customer = None
    if sale.customer_id or any(payment.intent_id for payment in wanted.payments):
        await tx.begin()
        sale, customer = await lock(tx, sale_id)
        # A twin may have been faster to the lock.
        if (sale.completion_id or sale.status != domain.DRAFT) and (earlier := await _earlier(tx, key, digest)):
            return Begun(earlier, None)
    role = tx.identity.role if tx.identity else 0
    done = domain.completed(sale, wanted, role, limits, tx.actor, tx.now)
    if done.is_credit_sale and customer:
        await _hold_credit(tx, customer, done)
    await intents.pay_sale(tx, done, wanted.payments)
    attempt = Attempt(uuid7(), sale_id, RUNNING, key, digest, _plan(done, wanted), _caller(tx), None, None)
    tx.conflicts["completions_key"] = tx.conflicts["completions_under_way"] = RETRY
    store.begin(tx, attempt)
    sales_store.take_draft(tx, sale, attempt.id)
    return Begun(attempt, sale)


async def _earlier(tx: Tx, key: str, digest: bytes) -> Attempt | None:
    found = await store.attempt_of_key(tx, key) if key else None
    if found and found.digest != digest:
        raise Refused("idempotency_key_reuse", key=key)
    return found


async def _hold_credit(tx: Tx, customer: Customer, done: Sale) -> None:
    overdue_q = await order_credits.overdue_q(tx, customer.id)
    refusal = customers_domain.objection(
        customer, done.amount_due_q, overdue_q, done.currency, force=done.manager_override
    )
    if refusal:
        raise refusal
    customers.save_account(tx, credit.hold(customer, done.amount_due_q))


def _plan(done: Sale, wanted: Completion) -> dict[str, Any]:
    names = (
        "status", "payment_type", "discount_q", "tax_q", "amount_paid_q", "is_credit_sale", "manager_override",
        "override_reason", "override_by", "notes", "rev",
    )  # fmt: skip
    held_q = done.amount_due_q if done.is_credit_sale else 0
    payments = [list(payment if payment.intent_id else payment[:3]) for payment in wanted.payments]
    return {"sale": {name: getattr(done, name) for name in names}, "payments": payments, "held_q": held_q}


def _caller(tx: Tx) -> dict[str, Any]:
    subject, role = (tx.identity.subject, tx.identity.role) if tx.identity else ("system", 0)
    return {"subject": subject, "role": role, "address": tx.address, "agent": tx.agent, "request_id": tx.request_id}


async def settle(tx: Tx, attempt_id: UUID, error: dict[str, Any] | None, answer: Answer) -> Attempt:
    """Writes everything where the units have left (no error), or that the attempt is to be undone; returns how it stands.

    An attempt that was settled already stays as it is.
    """
    attempt, sale = await store.with_sale(tx, attempt_id)
    customer = None
    if attempt.state == RUNNING and error is None and sale.customer_id:
        await tx.begin()
        attempt = await store.attempt(tx, attempt_id, lock=True)
        sale, customer = await lock(tx, attempt.sale_id)
    if attempt.state != RUNNING:
        return attempt
    if error is not None:
        store.revert(tx, attempt_id, error)
        return replace(attempt, state=store.REVERTING, error=error)
    done = replace(
        sale,
        **attempt.plan["sale"],
        completion_id=None,
        stock_ref=stock_ref(attempt),
        completed_at=tx.now,
        updated_at=tx.now,
    )
    sales_store.save(tx, done)
    payments = [_pay(tx, done, payment, number) for number, payment in enumerate(_payments(attempt))]
    if done.is_credit_sale and customer:
        _post(tx, customer, done, attempt.plan["held_q"])
    _tell(tx, done)
    outbox.add(tx, f"sale/{done.id}", events.completed(done, customer))
    answered = answer(done, payments)
    store.finish(tx, attempt_id, answered)
    return replace(attempt, state=DONE, answer=answered)


def _payments(attempt: Attempt) -> list[NewPayment]:
    return [NewPayment(*each) for each in attempt.plan["payments"]]


def stock_ref(attempt: Attempt) -> str:
    """Returns the ref under which the units of an attempt leave."""
    return f"sale/{attempt.id}"


def _pay(tx: Tx, sale: Sale, payment: NewPayment, number: int) -> Mapping[str, Any]:
    made = sales_store.add_payment(tx, sale, payment, number=number)
    after = {"method": payment.method, "amount_q": payment.amount_q}
    audit.record(
        tx, "payment.created", f"Sale {sale.receipt_number}: payment", after=after, payment_id=made["id"], **about(sale)
    )
    return made


def _post(tx: Tx, customer: Customer, sale: Sale, held_q: int) -> None:
    charged, entry = credit.enter(
        credit.release(customer, held_q), credit.CREDIT_SALE, held_q, str(sale.id), f"Sale {sale.receipt_number}"
    )
    customers.save_account(tx, charged)
    if held_q:
        customers.enter(tx, entry)


def _tell(tx: Tx, sale: Sale) -> None:
    after = {
        "status": sale.status, "total_q": sale.total_q, "amount_paid_q": sale.amount_paid_q,
        "amount_due_q": sale.amount_due_q, "payment_type": sale.payment_type,
    }  # fmt: skip
    if sale.manager_override:
        after |= {"manager_override": True, "override_reason": sale.override_reason}
    audit.record(
        tx, "sale.completed", f"Sale {sale.receipt_number} completed", {"status": domain.DRAFT}, after, **about(sale)
    )
    units = [[each.sku, f"{each.quantity:.3f}"] for each in sale.items]
    audit.record(
        tx, "stock.committed", f"Sale {sale.receipt_number}: stock left", after={"units": units}, **about(sale)
    )


async def refuse(tx: Tx, attempt_id: UUID) -> Attempt:
    """Writes that everything is undone: the credit is released and the sale a draft again. Harmless when that is done."""
    attempt = await store.attempt(tx, attempt_id, lock=True)
    if attempt.state != store.REVERTING:
        return attempt
    sale, customer = await lock(tx, attempt.sale_id)
    if attempt.plan["held_q"] and customer:
        customers.save_account(tx, credit.release(customer, attempt.plan["held_q"]))
    sales_store.save(tx, replace(sale, completion_id=None))
    named = [payment.intent_id for payment in _payments(attempt) if payment.intent_id]
    intents_store.let_go(tx, sale.id, named)
    store.refuse(tx, attempt_id)
    return replace(attempt, state=store.REFUSED)
