"""Payment intents: opened, and asked for what their providers can do. What the manual provider is asked for is done at once."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from comanda.sales.events.v1 import payments_pb2 as events
from kit import outbox
from kit.db import Tx
from kit.errors import Invalid, NotFound, Refused
from kit.ids import uuid7
from sales.domain import intent as domain
from sales.domain import place, refund
from sales.domain.intent import AUTHORIZE, CANCEL, CAPTURE, DONE, MANUAL, PENDING, REFUND, Intent, Operation
from sales.store import audit, businesses
from sales.store import intents as store

Stood = tuple[Intent, Sequence[Operation]]
"""An intent with everything that was asked for it, oldest first."""


async def create(
    tx: Tx, *, amount_q: int, currency: str, method: str, provider: str, authorize: bool, order_ref: str,
    metadata: Mapping[str, Any],
) -> Stood:  # fmt: skip
    """Opens an intent over that many minor units. Raises Invalid (`unknown_provider`, `unknown_currency`)."""
    if provider not in ("", MANUAL):
        raise Invalid("unknown_provider", provider=provider, known=[MANUAL], field="provider")
    business = await businesses.business(tx)
    if business is None:
        raise NotFound("not_found")
    place.check(business.timezone, currency or business.currency)
    new = Intent(
        id=uuid7(), provider=MANUAL, method=method, amount_q=amount_q, currency=currency or business.currency,
        status=PENDING, captured_q=0, refunded_q=0, client_secret=secrets.token_urlsafe(24), order_ref=order_ref,
        metadata=metadata, created_by=tx.actor, created_at=tx.now, updated_at=tx.now,
    )  # fmt: skip
    audit.record(
        tx, "payment.created", "Payment intent opened", payment_id=new.id,
        after={"amount_q": amount_q, "currency": new.currency, "method": method, "order_ref": order_ref},
    )  # fmt: skip
    if not authorize:
        store.insert(tx, new)
        return new, []
    authorized, operation = perform(tx, new, [], AUTHORIZE)
    store.insert(tx, authorized)
    return authorized, [operation]


async def ask(tx: Tx, intent_id: str, kind: str, amount_q: int = 0, reason: str = "") -> Stood:
    """Asks for something to be done with an intent's money, all that there is where no amount is given.

    Raises NotFound(`intent_not_found`), Refused(`role_limit_exceeded`) for a refund beyond the caller's role, and what
    domain.amount_of raises.
    """
    found = await store.intent(tx, intent_id, lock=True)
    earlier = (await store.operations(tx, [found.id]))[found.id]
    if kind == REFUND:
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


def perform(
    tx: Tx, intent: Intent, earlier: Sequence[Operation], kind: str, amount_q: int = 0, reason: str = "",
    directive_id: str = "", directive_attempt: int = 0,
) -> tuple[Intent, Operation]:  # fmt: skip
    """Asks for something to be done with a locked intent's money; returns it as the caller is to save it, and what was asked.

    Raises what domain.amount_of raises.
    """
    amount_q = domain.amount_of(intent, kind, amount_q, earlier)
    operation_id = uuid7()
    operation = Operation(
        id=operation_id, intent_id=intent.id, kind=kind, state=DONE, amount_q=amount_q, reason=reason,
        transaction_id=f"{MANUAL}_{operation_id.hex}", error_code="", error="", directive_id=directive_id,
        directive_attempt=directive_attempt,
        created_at=tx.now, settled_at=tx.now,
    )  # fmt: skip
    store.insert_operation(tx, operation)
    return _settled(tx, intent, operation), operation


def _settled(tx: Tx, intent: Intent, operation: Operation) -> Intent:
    """Returns the intent after something was done, and tells those who listen."""
    after = domain.done(intent, operation.kind, operation.amount_q, tx.now)
    outbox.add(tx, f"payment_intent/{intent.id}", _event(after, operation))
    audit.record(
        tx, "payment.updated", f"Payment intent: {operation.kind}", {"status": intent.status},
        {"status": after.status, "operation": operation.kind, "amount_q": operation.amount_q, "reason": operation.reason},
        payment_id=intent.id,
    )  # fmt: skip
    return after


def _event(intent: Intent, done: Operation) -> Any:
    about = {"intent_id": str(intent.id), "order_ref": intent.order_ref}
    if done.kind == CANCEL:
        return events.PaymentCancelled(**about, reason=done.reason)
    moved = about | {"currency": intent.currency, "directive_id": done.directive_id}
    if done.kind == REFUND:
        return events.PaymentRefunded(
            **moved, amount_q=done.amount_q, refund_id=done.transaction_id, reason=done.reason
        )
    kind = events.PaymentCaptured if done.kind == CAPTURE else events.PaymentAuthorized
    return kind(**moved, amount_q=done.amount_q, transaction_id=done.transaction_id)
