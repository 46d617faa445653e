"""Orders: sealed sessions that move through a flow (spec 1A.2, 1A.3, 1A.7)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from kit.errors import Refused
from orders.domain import preorder
from orders.domain.flow import SAME, STAMPED, Flow
from orders.domain.session import Charges, Line, Session

SNAPSHOT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Order:
    """An order; everything but status, data, stamps, and who has it in hand is sealed."""

    id: UUID
    ref: str
    channel_code: str
    config_version: int
    session_key: str
    handle_type: str
    handle_ref: str
    external_ref: str
    status: str
    currency: str
    lines: Sequence[Line]
    charges: Charges
    subtotal_q: int
    total_q: int
    items_count: int
    data: Mapping[str, Any]
    snapshot: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    last_seq: int = 1
    stamps: Mapping[str, datetime] = field(default_factory=dict)
    """When each status was first entered."""
    assigned_to: str = ""


def seal(
    session: Session,
    *,
    identifier: UUID,
    ref: str,
    external_ref: str,
    flow: Flow,
    config_version: int,
    now: datetime,
    today: date,
) -> Order:
    """Makes the order of a session; nothing that happens to session or catalogue later touches it.

    Today is the business's own date.
    """
    return Order(
        id=identifier,
        ref=ref,
        channel_code=session.channel_code,
        config_version=config_version,
        session_key=session.session_key,
        handle_type=session.handle_type,
        handle_ref=session.handle_ref,
        external_ref=external_ref,
        status=flow.initial,
        currency=session.currency,
        lines=session.lines,
        charges=session.charges,
        subtotal_q=session.subtotal_q,
        total_q=session.total_q,
        items_count=len(session.lines),
        data=preorder.order_data(session.data, today),
        snapshot=snapshot(session),
        created_at=now,
        updated_at=now,
        stamps={flow.initial: now} if flow.initial in STAMPED else {},
    )


def snapshot(session: Session) -> dict[str, Any]:
    """Returns the session as it is, in plain JSON."""
    return {
        "_v": SNAPSHOT_VERSION,
        "items": [line_json(line) for line in session.lines],
        "data": dict(session.data),
        "pricing": {
            "subtotal_q": session.subtotal_q,
            "discount_q": session.charges.discount_q,
            "shipping_q": session.charges.shipping_q,
            "tax_q": session.charges.tax_q,
            "total_q": session.total_q,
            "items_count": len(session.lines),
            "trace": list(session.pricing_trace),
        },
        "rev": session.rev,
    }


def line_json(line: Line) -> dict[str, Any]:
    """Returns a line in plain JSON."""
    return {
        "line_id": line.line_id,
        "sku": line.sku,
        "name": line.name,
        "qty": str(line.qty),
        "unit_price_q": line.unit_price_q,
        "line_total_q": line.line_total_q,
        "meta": dict(line.meta),
    }


def transition(order: Order, flow: Flow, requested: str, now: datetime) -> list[Order]:
    """Returns the order after each step to the requested status, mostly one; raises Refused."""
    return _entered(order, flow.steps(order.status, flow.resolve(requested)), now)


def triggered(order: Order, flow: Flow, trigger: str, now: datetime) -> list[Order]:
    """Returns the order after the step that the flow makes for the trigger; nothing where it makes none."""
    target = flow.target(order.status, trigger)
    return _entered(order, [target], now) if target else []


def _entered(order: Order, statuses: Iterable[str], now: datetime) -> list[Order]:
    """The first entry into a status stamps it, later ones leave the stamp."""
    found = []
    for status in statuses:
        name = SAME.get(status, status)
        stamps = {name: now, **order.stamps} if name in STAMPED else order.stamps
        order = replace(order, status=status, stamps=stamps, updated_at=now, last_seq=order.last_seq + 1)
        found.append(order)
    return found


def check_refund(order: Order, amount_q: int, refunded_q: int) -> None:
    """Raises Refused(`refund_exceeds_total`) where all refunds together would be more than the order (all in minor units)."""
    left = order.total_q - refunded_q
    if amount_q > left:
        raise Refused(
            "refund_exceeds_total", amount_q=amount_q, total_q=order.total_q, refunded_q=refunded_q, available_q=left
        )


def intent(order: Order) -> str:
    """Returns the id of the payment intent that the order's data names; empty when it names none (O-P5)."""
    payment = order.data.get("payment")
    named = payment.get("intent_id") if isinstance(payment, Mapping) else ""
    return named if isinstance(named, str) else ""


def named(order: Order) -> dict[str, str]:
    """Returns how the payload of a directive names an order and the session that it was."""
    return {"order_ref": order.ref, "channel_code": order.channel_code, "session_key": order.session_key}


def customer(order: Order) -> str:
    """Returns the id of the customer whose order it is: its handle, else what its data names; empty when nobody is named."""
    if order.handle_type == "customer" and order.handle_ref:
        return order.handle_ref
    named = order.data.get("customer")
    found = named.get("id") if isinstance(named, Mapping) else ""
    return found if isinstance(found, str) else ""
