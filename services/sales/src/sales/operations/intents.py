"""Payment intents: opened, and asked for what their providers can do. What the manual provider is asked for is done at once."""

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from comanda.sales.events.v1 import payments_pb2 as events
from kit import outbox
from kit.db import Tx
from kit.errors import Invalid, NotFound, Refused
from kit.ids import uuid7
from sales.domain import intent as domain
from sales.domain import place, refund
from sales.domain.intent import (
    AUTHORIZE,
    AUTHORIZED,
    CANCEL,
    CANCELLED,
    DONE,
    MANUAL,
    ONLINE,
    OPEN_IT,
    PENDING,
    REFUND,
    Intent,
    Operation,
)
from sales.domain.sale import NewPayment, Sale
from sales.store import audit, businesses
from sales.store import intents as store

Stood = tuple[Intent, Sequence[Operation]]
"""An intent with everything that was asked for it, oldest first."""


async def create(
    tx: Tx, *, amount_q: int, currency: str, method: str, provider: str, authorize: bool, order_ref: str,
    metadata: Mapping[str, Any], known: Collection[str],
) -> Stood:  # fmt: skip
    """Opens an intent over that many minor units at one of the known providers.

    Raises Invalid (`unknown_provider`, `unknown_currency`).
    """
    if provider and provider not in known:
        raise Invalid("unknown_provider", provider=provider, known=sorted(known), field="provider")
    business = await businesses.business(tx)
    if business is None:
        raise NotFound("not_found")
    place.check(business.timezone, currency or business.currency)
    new = Intent(
        id=uuid7(), provider=provider or MANUAL, method=method, amount_q=amount_q, currency=currency or business.currency,
        status=PENDING, captured_q=0, refunded_q=0, order_ref=order_ref,
        client_secret="" if provider == ONLINE else secrets.token_urlsafe(24), metadata=metadata,
        created_by=tx.actor, created_at=tx.now, updated_at=tx.now,
    )  # fmt: skip
    audit.record(
        tx, "payment.created", "Payment intent opened", payment_id=new.id,
        after={"amount_q": amount_q, "currency": new.currency, "method": method, "order_ref": order_ref},
    )  # fmt: skip
    first = OPEN_IT if new.provider == ONLINE else AUTHORIZE if authorize else ""
    if not first:
        store.insert(tx, new)
        return new, []
    after, operation = perform(tx, new, [], first)
    store.insert(tx, after)
    return after, [operation]


async def ask(tx: Tx, intent_id: str, kind: str, amount_q: int = 0, reason: str = "") -> Stood:
    """Asks for something to be done with an intent's money, all that there is where no amount is given.

    Raises NotFound(`intent_not_found`), Refused (`role_limit_exceeded` for a refund beyond the caller's role,
    `intent_pays_sale`), and what domain.amount_of raises.
    """
    found = await store.intent(tx, intent_id, lock=True)
    earlier = (await store.operations(tx, [found.id]))[found.id]
    if kind == REFUND:
        domain.check_free(found)
        asked_q = domain.amount_of(found, kind, amount_q, earlier)
        refund.check_limit(tx.identity.role if tx.identity else 0, asked_q)
    after, operation = perform(tx, found, earlier, kind, amount_q, reason)
    store.save(tx, after)
    return after, [*earlier, operation]


async def cancel(tx: Tx, intent_id: str, reason: str) -> tuple[bool, Stood | None]:
    """Gives an intent up; tells whether it is, and how it stands; one whose money was taken stays as it is (case O-P4)."""
    try:
        return True, await ask(tx, intent_id, CANCEL, reason=reason)
    except NotFound:
        return False, None
    except Refused:
        found = await store.intent(tx, intent_id)
        return found.status == domain.CANCELLED, (found, (await store.operations(tx, [found.id]))[found.id])


async def pay_sale(tx: Tx, sale: Sale, payments: Sequence[NewPayment]) -> None:
    """Lets the intents that payments name pay a locked sale, and nothing else from now on.

    Raises NotFound(`intent_not_found`), and what domain.paying raises.
    """
    keys = [key for payment in payments if payment.intent_id and (key := store.identifier(payment.intent_id))]
    found, asked = await store.lock_all(tx, [(tx.business, key) for key in keys], ()) if keys else ({}, {})
    for payment in payments:
        if not payment.intent_id:
            continue
        place = (tx.business, store.identifier(payment.intent_id))
        if place not in found:
            raise NotFound("intent_not_found", intent_id=payment.intent_id)
        found[place] = domain.paying(
            found[place], sale.id, payment.method, payment.amount_q, sale.currency, asked[place]
        )
    for each in found.values():
        store.save(tx, each)


def perform(
    tx: Tx, intent: Intent, earlier: Sequence[Operation], kind: str, amount_q: int = 0, reason: str = "",
    directive_id: str = "", directive_attempt: int = 0,
) -> tuple[Intent, Operation]:  # fmt: skip
    """Asks for something to be done with a locked intent's money; returns it as the caller is to save it, and what was asked.

    Raises what domain.amount_of raises.
    """
    amount_q = domain.amount_of(intent, kind, amount_q, earlier)
    operation_id, manual = uuid7(), intent.provider == MANUAL
    operation = Operation(
        id=operation_id, intent_id=intent.id, kind=kind, state=DONE if manual else domain.WANTED, amount_q=amount_q,
        reason=reason, transaction_id=f"{MANUAL}_{operation_id.hex}" if manual else "", error_code="", error="",
        directive_id=directive_id, directive_attempt=directive_attempt, created_at=tx.now,
        settled_at=tx.now if manual else None,
    )  # fmt: skip
    store.insert_operation(tx, operation)
    if not manual:
        return intent, operation
    after = domain.done(intent, kind, amount_q, tx.now)
    tell(tx, intent, after, operation)
    return after, operation


def tell(tx: Tx, before: Intent, after: Intent, operation: Operation | None) -> None:
    """Tells of what moved between two states of a locked intent, by an operation that was done, or by the buyer or provider."""
    moved = list(_events(before, after, operation))
    if not moved:
        return
    outbox.add(tx, f"payment_intent/{after.id}", *moved)
    audit.record(
        tx, "payment.updated", f"Payment intent: {after.status}",
        {"status": before.status, "captured_q": before.captured_q, "refunded_q": before.refunded_q},
        {"status": after.status, "captured_q": after.captured_q, "refunded_q": after.refunded_q},
        payment_id=after.id,
    )  # fmt: skip


def _events(before: Intent, after: Intent, operation: Operation | None) -> Iterator[Any]:
    about = {"intent_id": str(after.id), "order_ref": after.order_ref}
    moved = about | {"currency": after.currency, "directive_id": operation.directive_id if operation else ""}
    # What the provider did by itself has no id of ours: the state in which that left the intent stands for it.
    transaction_id = (operation.transaction_id if operation else "") or f"{after.provider_ref}:{after.version}"
    reason = operation.reason if operation else ""
    if before.status != AUTHORIZED == after.status:
        yield events.PaymentAuthorized(**moved, amount_q=after.amount_q, transaction_id=transaction_id)
    if captured_q := after.captured_q - before.captured_q:
        yield events.PaymentCaptured(**moved, amount_q=captured_q, transaction_id=transaction_id)
    if refunded_q := after.refunded_q - before.refunded_q:
        yield events.PaymentRefunded(**moved, amount_q=refunded_q, refund_id=transaction_id, reason=reason)
    if before.status != CANCELLED == after.status:
        yield events.PaymentCancelled(**about, reason=reason)
