"""Sessions: carts, tabs, and drafts that change until they become an order (spec 1A.2 and 1A.5)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kit.errors import Conflict, Refused
from orders.domain import money
from orders.domain.channel import LOCKED

if TYPE_CHECKING:
    from orders.domain.ops import Op

OPEN, COMMITTED, ABANDONED = "open", "committed", "abandoned"


@dataclass(frozen=True, slots=True)
class Line:
    """A line; `meta` is whatever the channel keeps with it."""

    line_id: str
    sku: str
    name: str
    qty: Decimal
    unit_price_q: int
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def line_total_q(self) -> int:
        """Quantity times price in minor units, HALF_UP."""
        return money.times(self.qty, self.unit_price_q)


@dataclass(frozen=True, slots=True)
class Charges:
    """Amounts beside the lines, in minor units."""

    discount_q: int = 0
    shipping_q: int = 0
    tax_q: int = 0


@dataclass(frozen=True, slots=True)
class Session:
    """A session. `checks` and `issues` belong to revision `rev` and vanish with the next change."""

    id: UUID
    channel_code: str
    session_key: str
    handle_type: str
    handle_ref: str
    pricing_policy: str
    edit_policy: str
    currency: str
    opened_at: datetime
    updated_at: datetime
    state: str = OPEN
    rev: int = 0
    lines: Sequence[Line] = ()
    charges: Charges = Charges()
    data: Mapping[str, Any] = field(default_factory=dict)
    checks: Mapping[str, Any] = field(default_factory=dict)
    issues: Sequence[Mapping[str, Any]] = ()
    pricing_trace: Sequence[Mapping[str, Any]] = ()
    commit_token: str = ""
    order_ref: str = ""
    committed_at: datetime | None = None

    @property
    def subtotal_q(self) -> int:
        """Sum of the lines in minor units."""
        return money.bounded(sum(line.line_total_q for line in self.lines))

    @property
    def total_q(self) -> int:
        """What is to be paid, in minor units."""
        return money.total(self.subtotal_q, self.charges.discount_q, self.charges.tax_q, self.charges.shipping_q)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a caller asks when he opens a session."""

    channel_code: str
    session_key: str
    handle_type: str
    handle_ref: str
    data: Mapping[str, Any]
    ops: "Sequence[Op]"


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit made, or an earlier one had made."""

    order_ref: str
    order_id: str
    total_q: int
    items_count: int
    created: bool


def check_modifiable(session: Session, expected_rev: int | None) -> None:
    """Raises what stands against changing the session: its state, its channel's policy, a revision the caller never saw."""
    check_open(session)
    if session.edit_policy == LOCKED:
        channel, policy = session.channel_code, session.edit_policy
        raise Refused("locked", session_key=session.session_key, channel=channel, edit_policy=policy)
    check_revision(session, expected_rev)


def check_open(session: Session) -> None:
    """Raises Refused (`already_committed`, `already_abandoned`) for a session that is over."""
    if session.state == COMMITTED:
        raise Refused("already_committed", session_key=session.session_key)
    if session.state == ABANDONED:
        raise Refused("already_abandoned", session_key=session.session_key)


def check_revision(session: Session, expected_rev: int | None) -> None:
    """Raises Conflict(`stale_revision`, rev) when the caller saw another revision."""
    if expected_rev is not None and expected_rev != session.rev:
        raise Conflict("stale_revision", rev=session.rev, expected_rev=expected_rev)


def check_not_empty(session: Session) -> None:
    """Raises Refused(`empty_session`) for a session without lines."""
    if not session.lines:
        raise Refused("empty_session", session_key=session.session_key)


def changed(session: Session, now: datetime) -> Session:
    """Returns the session one revision on, with the checks and issues of the old one gone."""
    return replace(session, rev=session.rev + 1, checks={}, issues=(), updated_at=now)


def unchecked(session: Session, codes: Iterable[str], now: datetime) -> Session:
    """Returns the session without what these checks have said of it; the revision stays."""
    gone = frozenset(codes)
    checks = {code: check for code, check in session.checks.items() if code not in gone}
    issues = tuple(issue for issue in session.issues if issue["source"] not in gone)
    return replace(session, checks=checks, issues=issues, updated_at=now)


def abandon(session: Session, now: datetime) -> Session:
    """Gives the session up; harmless when that is done already. Raises Refused(`already_committed`)."""
    if session.state == COMMITTED:
        raise Refused("already_committed", session_key=session.session_key)
    return session if session.state == ABANDONED else replace(session, state=ABANDONED, updated_at=now)


def demand(lines: Iterable[Line]) -> list[dict[str, str]]:
    """Returns the lines as a check is told of them."""
    return [{"line_id": line.line_id, "sku": line.sku, "qty": str(line.qty)} for line in lines]
