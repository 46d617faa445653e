"""Returns: requested, received, put back on the shelf, refunded (source 004)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from kit.errors import Refused
from orders.domain import money

REQUESTED, RECEIVED, RESTOCKED, REFUNDED, CANCELLED = "requested", "received", "restocked", "refunded", "cancelled"
RETURNABLE = ("dispatched", "delivered", "completed", "return_requested")
"""Statuses of an order that the customer has, or is about to have, and that no flow of ours cancels any more.

What is shipped in order management is not among them: it may fail, and be cancelled, which gives all of it back at once.
"""


@dataclass(frozen=True, slots=True)
class Item:
    """Part of a line that comes back."""

    line_id: str
    sku: str
    qty: Decimal
    unit_price_q: int
    restock: bool = True


@dataclass(frozen=True, slots=True)
class Return:
    """A return; amounts are in minor units of the order's currency."""

    number: str
    order_ref: str
    status: str
    items: Sequence[Item]
    reason: str
    created_at: datetime
    updated_at: datetime
    refund_q: int = 0
    received_at: datetime | None = None
    restocked_at: datetime | None = None
    refunded_at: datetime | None = None
    cancelled_at: datetime | None = None

    @property
    def amount_q(self) -> int:
        """What the units cost, HALF_UP per line."""
        return sum(money.times(item.qty, item.unit_price_q) for item in self.items)

    @property
    def restocked(self) -> dict[str, Decimal]:
        """How much of each SKU is to go back to the shelves."""
        found: dict[str, Decimal] = {}
        for item in self.items:
            if item.restock:
                found[item.sku] = found.get(item.sku, Decimal(0)) + item.qty
        return found


def check_order(status: str) -> None:
    """Raises Refused(`order_not_returnable`) unless an order in the status has left."""
    if status not in RETURNABLE:
        raise Refused("order_not_returnable", status=status, allowed_statuses=list(RETURNABLE))


def receive(asked: Return, now: datetime) -> Return:
    """The units have come. Raises Refused(`return_settled`)."""
    _check(asked, REQUESTED)
    return replace(asked, status=RECEIVED, received_at=now, updated_at=now)


def refund(received: Return, amount_q: int | None, now: datetime) -> Return:
    """The money is to go back, once. Raises Refused (`return_settled`, `return_refund_exceeded`)."""
    _check(received, RECEIVED, RESTOCKED)
    if received.refund_q:
        raise Refused("return_settled", number=received.number, status="refunding")
    wanted = received.amount_q if amount_q is None else amount_q
    if not 0 < wanted <= received.amount_q:
        raise Refused("return_refund_exceeded", amount_q=wanted, available_q=received.amount_q)
    return replace(received, refund_q=wanted, updated_at=now)


def cancel(asked: Return, now: datetime) -> Return:
    """Nothing will come. Raises Refused(`return_settled`)."""
    _check(asked, REQUESTED)
    return replace(asked, status=CANCELLED, cancelled_at=now, updated_at=now)


def _check(found: Return, *statuses: str) -> None:
    if found.status not in statuses:
        raise Refused("return_settled", number=found.number, status=found.status)


def order_status(statuses: Iterable[str], allowed: Sequence[str], whole: bool) -> str:
    """Returns the status that an order goes to for its returns, as they are now; nothing where it stays.

    Whole: all that was ordered has come back. While any return is awaited, `return_requested`; then `returned` if it is the whole
    order, else `completed` again.
    """
    awaited = REQUESTED in statuses
    wanted = "return_requested" if awaited else "returned" if whole else "completed"
    return wanted if wanted in allowed else ""
