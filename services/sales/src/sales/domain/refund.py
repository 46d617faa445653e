"""Refunds: what of a sale may be taken back, and how one moves (spec 1C.2, expectations)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from comanda.types.v1.options_pb2 import Role
from kit.errors import Invalid, Refused
from sales.domain import amounts
from sales.domain.sale import COMPLETED, PARTIAL, PENDING, REFUNDED, Sale

FULL, PART, EXCHANGE = "full", "partial", "exchange"
REQUESTED, APPROVED, REJECTED, PROCESSED = "pending", "approved", "rejected", "processed"
MOVES: Mapping[str, frozenset[str]] = {
    REQUESTED: frozenset({APPROVED, REJECTED}),
    APPROVED: frozenset({PROCESSED, REJECTED}),
    REJECTED: frozenset(),
    PROCESSED: frozenset(),
}
WINDOW_DAYS = {FULL: 30, PART: 30, EXCHANGE: 7}
BELOW_Q = {Role.ROLE_STAFF: 5_000, Role.ROLE_MANAGER: 50_000}
"""A role approves refunds below so many minor units; whoever is not named, any."""


class Part(NamedTuple):
    """Units of an item that are taken back, and what is paid back for them in minor units."""

    item_id: UUID
    quantity: Decimal
    restock: bool
    amount_q: int


class Wanted(NamedTuple):
    """Units of an item that somebody wants to bring back."""

    item_id: UUID
    quantity: Decimal
    restock: bool


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund. The amount is in minor units; until it is rejected it holds its parts against other refunds."""

    id: UUID
    sale_id: UUID
    type: str
    status: str
    amount_q: int
    reason: str
    items: Sequence[Part]
    requested_by: str
    decided_by: str
    rejection_reason: str
    processed_by: str
    created_at: datetime
    decided_at: datetime | None
    processed_at: datetime | None


def shares(sale: Sale) -> dict[UUID, int]:
    """Returns what each item has of the sale's total, in minor units: by its own total, the odd cents to the largest remainders."""
    return amounts.divided(sale.total_q, {item.id: item.total_q for item in sale.items})


def parts(sale: Sale, earlier: Sequence[Refund], wanted: Sequence[Wanted]) -> list[Part]:
    """Returns what is paid back for units, item by item: the last of an item's units take what is left of its share.

    Raises Invalid(`invalid_qty`), NotFound for a strange item, or Refused(`refund_quantity_exceeded`).
    """
    taken, paid, whole = _taken(earlier), _paid(earlier), shares(sale)
    made = []
    for want in wanted:
        item = sale.item(want.item_id)
        if want.quantity <= 0:
            raise Invalid("invalid_qty", qty=str(want.quantity))
        so_far = taken.get(item.id, Decimal(0))
        if so_far + want.quantity > item.quantity:
            left = item.quantity - so_far
            raise Refused(
                "refund_quantity_exceeded", sku=item.sku, refundable=f"{left:.3f}", requested=f"{want.quantity:.3f}"
            )
        taken[item.id] = so_far + want.quantity
        share_q = amounts.rounded(whole[item.id] * taken[item.id] / item.quantity)
        amount_q = share_q - paid.get(item.id, 0)
        paid[item.id] = share_q
        made.append(Part(item.id, want.quantity, want.restock, amount_q))
    return made


def remaining(sale: Sale, earlier: Sequence[Refund], restock: bool) -> list[Wanted]:
    """Returns the units that nobody has taken back yet."""
    taken = _taken(earlier)
    left = [(item.id, item.quantity - taken.get(item.id, Decimal(0))) for item in sale.items]
    return [Wanted(item_id, quantity, restock) for item_id, quantity in left if quantity > 0]


def _holding(refunds: Sequence[Refund]) -> list[Refund]:
    return [refund for refund in refunds if refund.status != REJECTED]


def _taken(refunds: Sequence[Refund]) -> dict[UUID, Decimal]:
    found: dict[UUID, Decimal] = {}
    for part in (part for refund in _holding(refunds) for part in refund.items):
        found[part.item_id] = found.get(part.item_id, Decimal(0)) + part.quantity
    return found


def _paid(refunds: Sequence[Refund]) -> dict[UUID, int]:
    found: dict[UUID, int] = {}
    for part in (part for refund in _holding(refunds) for part in refund.items):
        found[part.item_id] = found.get(part.item_id, 0) + part.amount_q
    return found


def refundable_q(sale: Sale, earlier: Sequence[Refund]) -> int:
    """Returns what may still be paid back: what was paid less what other refunds have or hold."""
    return sale.amount_paid_q - sum(refund.amount_q for refund in _holding(earlier))


def check_refundable(sale: Sale, kind: str, amount_q: int, earlier: Sequence[Refund], now: datetime) -> None:
    """Raises Refused (`sale_not_refundable`, `refund_window_over`, `refund_exceeds_paid`)."""
    if sale.status not in (COMPLETED, PARTIAL, PENDING) or sale.completed_at is None:
        raise Refused("sale_not_refundable", status=sale.status)
    if now > sale.completed_at + timedelta(days=WINDOW_DAYS[kind]):
        raise Refused("refund_window_over", days=WINDOW_DAYS[kind])
    if amount_q > (left_q := refundable_q(sale, earlier)):
        raise Refused("refund_exceeds_paid", refundable_q=left_q, amount_q=amount_q)


def check_limit(role: int, amount_q: int) -> None:
    """Raises Refused(`role_limit_exceeded`) when a role may not let so much go, in minor units."""
    limit_q = BELOW_Q.get(role)  # type: ignore[call-overload]  # a role may be unknown
    if limit_q is not None and amount_q >= limit_q:
        raise Refused("role_limit_exceeded", limit=f"< {limit_q}", limit_q=limit_q, requested_q=amount_q)


def moved(refund: Refund, status: str) -> Refund:
    """Returns the refund in another status; raises Refused(`refund_not_open`) when it cannot go there."""
    if status not in MOVES[refund.status]:
        raise Refused("refund_not_open", status=refund.status, requested_status=status)
    return replace(refund, status=status)


def refunded(sale: Sale, amount_q: int, all_is_back: bool) -> Sale:
    """Returns the sale with so much more paid back; it is refunded once everything that was paid is."""
    paid_back_q = sale.amount_refunded_q + amount_q
    over = all_is_back and paid_back_q >= sale.amount_paid_q and not sale.amount_due_q
    return replace(sale, amount_refunded_q=paid_back_q, status=REFUNDED if over else sale.status, rev=sale.rev + 1)
