"""Payment intents: what may be asked of a provider, and what becomes of an intent when it is done (spec 1A.8, cases O-P*)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from kit.errors import Conflict, Refused

MANUAL = "manual"
"""The provider that is whoever stands at the counter: what is asked of it is done."""
ONLINE = "online"
"""The provider outside that the installation is connected to."""
PENDING, REQUIRES_ACTION, AUTHORIZED, CAPTURED, REFUNDED, FAILED, CANCELLED = (
    "pending", "requires_action", "authorized", "captured", "refunded", "failed", "cancelled",
)  # fmt: skip
OPEN_IT, AUTHORIZE, CAPTURE, REFUND, CANCEL = "open", "authorize", "capture", "refund", "cancel"
FROM: Mapping[str, frozenset[str]] = {
    OPEN_IT: frozenset({PENDING}),
    AUTHORIZE: frozenset({PENDING, REQUIRES_ACTION}),
    CAPTURE: frozenset({PENDING, AUTHORIZED}),
    REFUND: frozenset({CAPTURED, REFUNDED}),
    CANCEL: frozenset({PENDING, REQUIRES_ACTION, AUTHORIZED, FAILED}),
}
"""The statuses in which each may be asked for; a captured part is all that is ever taken."""
ALREADY: Mapping[str, frozenset[str]] = {
    AUTHORIZE: frozenset({AUTHORIZED, CAPTURED, REFUNDED}),
    CAPTURE: frozenset({CAPTURED, REFUNDED}),
    REFUND: frozenset({REFUNDED}),
}
"""The statuses in which a directive finds that its work was done before."""
WANTED, SENT, DONE, DECLINED = "pending", "sent", "done", "failed"
OPEN = frozenset({WANTED, SENT})


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment as its provider has it. Amounts are minor units."""

    id: UUID
    provider: str
    method: str
    amount_q: int
    currency: str
    status: str
    captured_q: int
    refunded_q: int
    client_secret: str
    order_ref: str
    metadata: Mapping[str, Any]
    created_by: str
    created_at: datetime
    updated_at: datetime
    provider_ref: str = ""
    """The provider's own id of it; empty until the provider has opened it."""
    version: int = 0
    """The provider's count of its changes, as far as they are known."""
    sale_id: UUID | None = None
    """The sale at a counter that it pays, if it pays one."""


class Snapshot(NamedTuple):
    """What a provider says of an intent. Amounts are minor units."""

    provider_ref: str
    version: int
    status: str
    captured_q: int
    refunded_q: int
    client_secret: str


class Answer(NamedTuple):
    """What a provider says of something that was asked of it: how it stands (`sent`: it waits for the buyer), and of the intent."""

    state: str
    transaction_id: str
    error: str
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that is asked of an intent's provider, who knows it by its id. The amount is in minor units."""

    id: UUID
    intent_id: UUID
    kind: str
    state: str
    amount_q: int
    reason: str
    transaction_id: str
    error_code: str
    error: str
    directive_id: str
    directive_attempt: int
    created_at: datetime
    settled_at: datetime | None
    attempts: int = 0
    """How often the provider was, or may have been, asked."""


def amount_of(intent: Intent, kind: str, amount_q: int, earlier: Sequence[Operation]) -> int:
    """Returns how much is moved when so much is asked for; zero asks for all that there is.

    Raises Refused (`invalid_status`, `not_captured`, `exceeds_authorized`, `exceeds_captured`), or Conflict(`in_progress`)
    while the provider has not answered what was asked before.
    """
    _check_status(intent, kind)
    under_way = [each for each in earlier if each.state in OPEN]
    if any(REFUND not in (kind, each.kind) for each in under_way):
        raise Conflict("in_progress", retry_after=1)
    if kind != REFUND:
        return _promised(intent, amount_q)
    left_q = _left(intent, under_way)
    if not left_q or amount_q > left_q:
        raise Refused("exceeds_captured", refundable_q=left_q, amount_q=amount_q or intent.captured_q)
    return amount_q or left_q


def _left(intent: Intent, earlier: Sequence[Operation]) -> int:
    return intent.captured_q - intent.refunded_q - sum(each.amount_q for each in earlier if each.state in OPEN)


def check_free(intent: Intent) -> None:
    """Raises Refused(`intent_pays_sale`): the money of a sale moves with the sale."""
    if intent.sale_id:
        raise Refused("intent_pays_sale", intent_id=str(intent.id), sale_id=str(intent.sale_id))


def paying(
    intent: Intent, sale_id: UUID, method: str, amount_q: int, currency: str, earlier: Sequence[Operation]
) -> Intent:
    """Returns the intent as one that pays a sale: with all that was taken and not given back, in minor units.

    Raises Refused (`intent_pays_sale`, `intent_pays_order`, `not_captured`, `currency_mismatch`, `payment_differs_from_intent`).
    """
    check_free(intent)
    if intent.order_ref:
        raise Refused("intent_pays_order", intent_id=str(intent.id), order_ref=intent.order_ref)
    if not intent.captured_q:
        raise Refused("not_captured", status=intent.status)
    if intent.currency != currency:
        raise Refused("currency_mismatch", currency=intent.currency, order_currency=currency)
    left_q = _left(intent, earlier)
    if (left_q, intent.method) != (amount_q, method):
        raise Refused(
            "payment_differs_from_intent",
            intent_q=left_q,
            intent_method=intent.method,
            amount_q=amount_q,
            method=method,
        )
    return replace(intent, sale_id=sale_id)


def _check_status(intent: Intent, kind: str) -> None:
    if intent.status in FROM[kind]:
        return
    if kind == REFUND:
        raise Refused("not_captured", status=intent.status)
    raise Refused("invalid_status", status=intent.status, operation=kind)


def _promised(intent: Intent, amount_q: int) -> int:
    if amount_q > intent.amount_q:
        raise Refused("exceeds_authorized", authorized_q=intent.amount_q, amount_q=amount_q)
    return amount_q or intent.amount_q


def already(intent: Intent, kind: str) -> bool:
    """Whether there is nothing left to do of a kind (case O-P5)."""
    return intent.status in ALREADY.get(kind, ())


def done(intent: Intent, kind: str, amount_q: int, now: datetime) -> Intent:
    """Returns the intent once what was asked is done with an amount."""
    if kind == AUTHORIZE:
        return replace(intent, status=AUTHORIZED, updated_at=now)
    if kind == CAPTURE:
        return replace(intent, status=CAPTURED, captured_q=amount_q, updated_at=now)
    if kind == CANCEL:
        return replace(intent, status=CANCELLED, updated_at=now)
    refunded_q = intent.refunded_q + amount_q
    status = REFUNDED if refunded_q == intent.captured_q else CAPTURED
    return replace(intent, status=status, refunded_q=refunded_q, updated_at=now)


def seen(intent: Intent, snapshot: Snapshot, now: datetime) -> Intent:
    """Returns the intent as its provider says that it is; what it said before that is known already changes nothing."""
    if snapshot.version <= intent.version:
        return intent
    return replace(intent, **snapshot._asdict(), updated_at=now)


def is_open(intent: Intent) -> bool:
    """Whether the provider may still change it without being asked."""
    return intent.status in (PENDING, REQUIRES_ACTION)
