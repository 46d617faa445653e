"""Sales: drafts that change, and what completing one makes of it (spec 1C.1, 1C.2)."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from comanda.types.v1.options_pb2 import Role
from kit.errors import Conflict, Invalid, NotFound, Refused
from sales.domain import amounts
from sales.domain.discount import Limits
from sales.domain.item import Item, price_q

DRAFT, PENDING, PARTIAL, COMPLETED, REFUNDED, CANCELLED = (
    "draft", "pending", "partial", "completed", "refunded", "cancelled",
)  # fmt: skip
CASH, CARD, CREDIT, MIXED = "cash", "card", "credit", "mixed"
MAY_OVERRIDE = frozenset({Role.ROLE_OWNER, Role.ROLE_ADMIN, Role.ROLE_MANAGER, Role.ROLE_SERVICE})


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale. Amounts are minor units."""

    id: UUID
    receipt_number: str
    storefront: str
    business_date: date
    seller: str
    customer_id: UUID | None
    type: str
    status: str
    payment_type: str
    currency: str
    items: Sequence[Item]
    discount_q: int
    tax_q: int
    """On top of the items' own taxes (decision 33)."""
    amount_paid_q: int
    amount_refunded_q: int
    is_credit_sale: bool
    manager_override: bool
    override_reason: str
    override_by: str
    notes: str
    rev: int
    completion_id: UUID | None
    """The completion that is under way, if one is."""
    stock_ref: str
    """Under which the inventory knows the units that left; empty before."""
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    external_ref: str = ""
    """What another system calls it."""
    sold_at: datetime | None = None
    """When it was really sold, where it was entered later; counts for the business date."""

    @property
    def subtotal_q(self) -> int:
        """Sum of the items' totals, taxes included."""
        return sum(item.total_q for item in self.items)

    @property
    def total_q(self) -> int:
        """Subtotal less discount, never below zero, plus tax."""
        return max(0, self.subtotal_q - self.discount_q) + self.tax_q

    @property
    def amount_due_q(self) -> int:
        """What is still to be paid; nothing of a sale that is over."""
        return 0 if self.status in (CANCELLED, REFUNDED) else max(0, self.total_q - self.amount_paid_q)

    @property
    def payment_status(self) -> str:
        """How much of it is paid (decision 44)."""
        if self.amount_refunded_q and self.amount_paid_q:
            return "refunded" if self.amount_refunded_q >= self.amount_paid_q else "partially_refunded"
        if self.amount_paid_q >= self.total_q and self.status != DRAFT:
            return "paid"
        return "partial" if self.amount_paid_q else "unpaid"

    def item(self, item_id: UUID) -> Item:
        """Returns an item; raises NotFound."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise NotFound("not_found", id=str(item_id))


class NewSale(NamedTuple):
    """What is asked of a new draft; an empty type is the customer's, an empty payment type cash."""

    storefront: str
    customer_id: UUID | None
    type: str
    payment_type: str
    notes: str
    external_ref: str
    sold_at: datetime | None


class NewPayment(NamedTuple):
    """What is paid, in minor units, and by what."""

    method: str
    amount_q: int
    reference: str
    intent_id: str | None = None
    """The payment intent through which it came, if it did."""


class Completion(NamedTuple):
    """How a draft is to be completed; what is None or empty stays as the draft has it."""

    payment_type: str
    payments: Sequence[NewPayment]
    discount_q: int | None
    tax_q: int | None
    manager_override: bool
    override_reason: str
    notes: str | None


Change = Callable[[Sale], Sale]


def check_sold_at(sold_at: datetime | None, role: int, now: datetime) -> None:
    """Raises Refused(`backdating_not_allowed`) for whoever is no manager, or Invalid(`sold_in_future`)."""
    if sold_at and role not in MAY_OVERRIDE:
        raise Refused("backdating_not_allowed")
    if sold_at and sold_at > now:
        raise Invalid("sold_in_future", field="sold_at")


def check_draft(sale: Sale, verb: str = "change") -> None:
    """Raises Refused(`sale_not_draft`), or Conflict(`in_progress`) while the sale is being completed."""
    if sale.completion_id:
        raise Conflict("in_progress", retry_after=1)
    if sale.status != DRAFT:
        raise Refused("sale_not_draft", verb=verb, status=sale.status)


def with_items(sale: Sale, items: Sequence[Item]) -> Sale:
    """Returns the draft with more items; two of one SKU stay two."""
    return _changed(sale, items=(*sale.items, *items))


def with_changed_item(sale: Sale, item_id: UUID, changes: Mapping[str, Any]) -> Sale:
    """Returns the draft with an item changed; raises NotFound."""
    changed = replace(sale.item(item_id), **changes)
    return _changed(sale, items=tuple(changed if each.id == item_id else each for each in sale.items))


def without_item(sale: Sale, item_id: UUID) -> Sale:
    """Returns the draft without an item; raises NotFound."""
    sale.item(item_id)
    return _changed(sale, items=tuple(each for each in sale.items if each.id != item_id))


def described(sale: Sale, changes: Mapping[str, Any]) -> Sale:
    """Returns the draft with other fields; another type gives the items its prices, but for those that the seller named."""
    kind = changes.get("type", sale.type)
    items = tuple(
        each
        if each.price_is_named
        else replace(each, unit_price_q=price_q(kind, each.retail_price_q, each.wholesale_price_q))
        for each in sale.items
    )
    return _changed(sale, **changes, items=items if kind != sale.type else sale.items)


def _changed(sale: Sale, **changes: Any) -> Sale:
    check_draft(sale)
    changed = replace(sale, **changes, rev=sale.rev + 1)
    amounts.rounded(amounts.ONE * changed.total_q)
    return changed


def checked(sale: Sale, role: int, limits: Limits) -> Sale:
    """Returns the draft as it is; raises Refused(`role_limit_exceeded`) when a role gives away more of it than it may."""
    limits.check(role, sum(each.gross_q for each in sale.items), _discounts(sale))
    return sale


def units(sale: Sale) -> Counter[str]:
    """Returns the units of each SKU that the sale's items need, in thousandths."""
    found: Counter[str] = Counter()
    for item in sale.items:
        found[item.sku] += int(item.quantity * 1000)
    return found


def paid(sale: Sale, payment: NewPayment) -> Sale:
    """Returns a sale of which so much more is paid; one that was paid in more than one way is mixed (decision 48).

    Raises Refused (`sale_not_payable`, `sale_already_paid`, `payment_exceeds_due`), or Conflict while it is being completed.
    """
    if sale.completion_id:
        raise Conflict("in_progress", retry_after=1)
    if sale.status not in (PENDING, PARTIAL, COMPLETED):
        raise Refused("sale_not_payable", status=sale.status)
    if not sale.amount_due_q:
        raise Refused("sale_already_paid")
    if payment.amount_q > sale.amount_due_q:
        raise Refused("payment_exceeds_due", due_q=sale.amount_due_q, amount_q=payment.amount_q)
    return replace(
        sale,
        amount_paid_q=(paid_q := sale.amount_paid_q + payment.amount_q),
        payment_type=sale.payment_type if sale.payment_type in (CREDIT, payment.method) else MIXED,
        status=_status(sale.total_q, paid_q),
        rev=sale.rev + 1,
    )


def allot(payment: NewPayment, owed: Sequence[Sale]) -> tuple[list[tuple[Sale, int]], int]:
    """Divides a payment over sales, given oldest first; returns each sale as paid and its part, and what is left over."""
    parts: list[tuple[Sale, int]] = []
    rest_q = payment.amount_q
    for sale in owed:
        if part_q := min(rest_q, sale.amount_due_q):
            parts.append((paid(sale, payment._replace(amount_q=part_q)), part_q))
            rest_q -= part_q
    return parts, rest_q


def abandoned(sale: Sale) -> Sale:
    """Returns a draft given up: its total stays, and nothing is due or was paid (decision 50)."""
    check_draft(sale)
    return replace(sale, status=CANCELLED, rev=sale.rev + 1)


def completed(sale: Sale, wanted: Completion, role: int, limits: Limits, actor: str, now: datetime) -> Sale:
    """Returns what the draft is once it is completed; whether credit and stock allow it is another question.

    Raises Refused (`sale_empty`, `customer_required`, `payment_required`, `payment_exceeds_due`, `override_not_allowed`,
    `override_reason_required`, `role_limit_exceeded`) and what check_draft raises.
    """
    check_draft(sale, "complete")
    if not sale.items:
        raise Refused("sale_empty")
    _check_override(wanted, role)
    sale = _described(sale, wanted)
    checked(sale, role, limits)
    paid_q = sum(payment.amount_q for payment in wanted.payments)
    payment_type = _payment_type(sale, wanted)
    _check_payments(sale, wanted, payment_type, paid_q)
    override = wanted.manager_override and payment_type == CREDIT
    done = replace(
        sale,
        status=_status(sale.total_q, paid_q),
        payment_type=payment_type,
        amount_paid_q=paid_q,
        is_credit_sale=payment_type == CREDIT,
        manager_override=override,
        override_reason=wanted.override_reason if override else "",
        override_by=actor if override else "",
        completed_at=now,
        rev=sale.rev + 1,
    )
    amounts.rounded(amounts.ONE * done.total_q)
    return done


def _check_override(wanted: Completion, role: int) -> None:
    if wanted.manager_override and role not in MAY_OVERRIDE:
        raise Refused("override_not_allowed")
    if wanted.manager_override and not wanted.override_reason.strip():
        raise Refused("override_reason_required")


def _described(sale: Sale, wanted: Completion) -> Sale:
    given = {"discount_q": wanted.discount_q, "tax_q": wanted.tax_q, "notes": wanted.notes}
    return replace(sale, **{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]  # its callers name fields of their types


def _discounts(sale: Sale) -> int:
    return sum(each.discount_q for each in sale.items) + sale.discount_q


def _payment_type(sale: Sale, wanted: Completion) -> str:
    methods = {payment.method for payment in wanted.payments}
    if CREDIT in (wanted.payment_type, sale.payment_type if not wanted.payment_type else ""):
        return CREDIT
    if len(methods) > 1:
        return MIXED
    return methods.pop() if methods else wanted.payment_type or sale.payment_type


def _check_payments(sale: Sale, wanted: Completion, payment_type: str, paid_q: int) -> None:
    if payment_type == CREDIT and sale.customer_id is None:
        raise Refused("customer_required")
    if payment_type != CREDIT and not wanted.payments and sale.total_q:
        raise Refused("payment_required", due_q=sale.total_q)
    if paid_q > sale.total_q:
        raise Refused("payment_exceeds_due", due_q=sale.total_q, amount_q=paid_q)


def _status(total_q: int, paid_q: int) -> str:
    if paid_q >= total_q:
        return COMPLETED
    return PARTIAL if paid_q else PENDING
