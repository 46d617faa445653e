"""Orders of a marketplace, in the shape of iFood's events (spec 1A.11): what they say, and what they ask for."""

import hashlib
import hmac
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from kit.errors import Invalid
from orders.domain.flow import Flow
from orders.domain.ops import Op
from orders.domain.session import Opening

IFOOD = "ifood"
ACTOR = "marketplace:"
"""What the verified identity of a marketplace's own changes begins with."""
TOPIC = "marketplace.status"
"""Work for the business's webhooks: telling the marketplace what became of an order."""
PLACED, CANCELLED = "PLACED", "CANCELLED"
RECEIVED, DONE, IGNORED, FAILED = "received", "done", "ignored", "failed"
CODES = {
    "PLC": PLACED,
    "CFM": "CONFIRMED",
    "PRS": "PREPARATION_STARTED",
    "RTP": "READY_TO_PICKUP",
    "DSP": "DISPATCHED",
    "CON": "CONCLUDED",
    "CAN": CANCELLED,
}
"""iFood's short codes."""
STATUSES = {
    "CONFIRMED": "confirmed",
    "PREPARATION_STARTED": "processing",
    "READY_TO_PICKUP": "ready",
    "DISPATCHED": "dispatched",
    "CONCLUDED": "completed",
    "CANCELLED": "cancelled",
}
"""Where each code leads unless the connection says otherwise."""
ASIDE = frozenset({"cancelled", "returned", "return_requested", "failed", "refunded"})
"""Statuses that an order is only moved to when it was said so, never through."""
LONGEST_ID, LONGEST_REASON = 120, 500
MOST = Decimal(10**12)


@dataclass(frozen=True, slots=True)
class Marketplace:
    """A channel's connection."""

    business_id: UUID
    channel_code: str
    kind: str
    hook: str
    secret: str
    status_map: Mapping[str, str]
    is_active: bool
    created_at: datetime
    updated_at: datetime

    @property
    def label(self) -> str:
        """What orders' histories call it."""
        return f"{self.kind}-webhook"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a marketplace says of an order."""

    event_id: str
    order_id: str
    code: str
    payload: Mapping[str, Any]


def signature(secret: str, body: bytes) -> str:
    """Returns the hexadecimal HMAC-SHA256 of a body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def signed(secret: str, body: bytes, given: str) -> bool:
    """Tells whether a signature is the body's, in a time that says nothing about it."""
    return hmac.compare_digest(signature(secret, body).encode(), given.strip().lower().encode())


def events(value: Any) -> list[Event]:
    """Returns the events in parsed JSON: one, or a list; raises Invalid(`invalid_event`), naming the field."""
    return [_event(each) for each in (value if isinstance(value, list) else [value])]


def _event(value: Any) -> Event:
    if not isinstance(value, dict):
        raise Invalid("invalid_event", field="body")
    said = _text(value, "fullCode", "code").upper()
    order_id, code = _text(value, "orderId", "order_id"), CODES.get(said, said)
    for field, text in (("orderId", order_id), ("fullCode", code)):
        if not text or len(text) > LONGEST_ID:
            raise Invalid("invalid_event", field=field)
    identifier = _text(value, "id") or f"{order_id}:{code}"
    return Event(identifier[:LONGEST_ID], order_id, code, value)


def reason(payload: Mapping[str, Any]) -> str:
    """Returns why an order was cancelled, as far as the event says."""
    inside = payload.get("metadata")
    places = [payload, inside] if isinstance(inside, dict) else [payload]
    names = ("reason", "cancellationReason", "CANCELLATION_REASON", "details", "cancelReason")
    return next((text for place in places if (text := _text(place, *names))), "")[:LONGEST_REASON]


def opening(channel_code: str, event: Event) -> Opening:
    """Returns the session that a placed order opens; raises Invalid(`invalid_event`) where the order says too little."""
    order = event.payload.get("order")
    if not isinstance(order, dict) or not isinstance(order.get("items"), list) or not order["items"]:
        raise Invalid("invalid_event", field="order.items")
    lines = [line for index, item in enumerate(order["items"]) for line in _lines(item, f"order.items[{index}]")]
    return Opening(channel_code, session_key(event), "", "", _data(event, order), [*lines, *_charges(order)])


def session_key(event: Event) -> str:
    """Returns the key of an order's session: the same order never opens a second one."""
    digest = hashlib.sha256(event.order_id.encode()).hexdigest()
    return f"IFOOD-{event.order_id}" if len(event.order_id) <= 50 else f"IFOOD-{digest[:50]}"


def way(flow: Flow, status: str, target: str) -> Sequence[str]:
    """Returns the statuses to go through by the shortest way, since a marketplace may leave steps out; none if there is none."""
    ways = deque[tuple[str, ...]]([(status,)])
    seen = {status}
    while ways:
        gone = ways.popleft()
        for step in flow.next(gone[-1]):
            if step == target:
                return (*gone[1:], step)
            if step not in seen and step not in ASIDE:
                seen.add(step)
                ways.append((*gone, step))
    return ()


def _lines(item: Any, field: str) -> list[Op]:
    if not isinstance(item, dict):
        raise Invalid("invalid_event", field=field)
    quantity = _number(item.get("quantity", item.get("qty", 1)), f"{field}.quantity")
    sku = _text(item, "externalCode", "sku", "id")
    if not sku or quantity <= 0:
        raise Invalid("invalid_event", field=f"{field}.{'quantity' if sku else 'externalCode'}")
    notes = {name: item[name] for name in ("observations", "options") if item.get(name)}
    name = _text(item, "name")[:200]
    return [
        Op("add_line", sku=sku, qty=f"{qty:f}", unit_price_q=price_q, name=name, meta=notes)
        for qty, price_q in _priced(item, quantity, field)
    ]


def _priced(item: Mapping[str, Any], quantity: Decimal, field: str) -> list[tuple[Decimal, int]]:
    """Returns quantities with their unit prices: two where whole units share a total that leaves a rest of cents."""
    if isinstance(item.get("unit_price_q"), int):
        return [(quantity, int(item["unit_price_q"]))]
    if item.get("totalPrice") is None:
        return [(quantity, _minor(_number(item.get("unitPrice"), f"{field}.unitPrice")))]
    total = _number(item["totalPrice"], f"{field}.totalPrice")  # with its options, which `unitPrice` leaves out
    if quantity % 1:
        return [(quantity, _minor(total / quantity))]
    price_q, dearer = divmod(_minor(total), int(quantity))
    shares = [(quantity - dearer, price_q), (Decimal(dearer), price_q + 1)]
    return [share for share in shares if share[0]]


def _charges(order: Mapping[str, Any]) -> list[Op]:
    total = order.get("total")
    if not isinstance(total, dict):
        return []
    said = ("benefits", "deliveryFee", "additionalFees")
    discount_q, shipping_q, tax_q = (_minor(_number(total.get(name) or 0, f"order.total.{name}")) for name in said)
    return [Op("set_charges", discount_q=discount_q, shipping_q=shipping_q, tax_q=tax_q)]


def _data(event: Event, order: Mapping[str, Any]) -> dict[str, Any]:
    customer = order.get("customer")
    known = {"customer": _customer(customer)} if isinstance(customer, dict) else {}
    copied = {name: order[name] for name in ("delivery",) if isinstance(order.get(name), dict)}
    about = {name: order[name] for name in ("displayId", "orderType", "merchant", "payments") if order.get(name)}
    return {**known, **copied, "source": IFOOD, "extra": {IFOOD: {"orderId": event.order_id, **about}}}


def _customer(given: Mapping[str, Any]) -> dict[str, Any]:
    phone = given.get("phone")
    number = _text(phone, "number") if isinstance(phone, dict) else _text(given, "phone")
    found = {"id": _text(given, "id"), "name": _text(given, "name"), "email": _text(given, "email"), "phone": number}
    return {name: text for name, text in found.items() if text}


def _text(value: Mapping[str, Any], *names: str) -> str:
    return next((found for name in names if isinstance(found := value.get(name), str) and found), "")


def _number(value: Any, field: str) -> Decimal:
    try:
        found = Decimal(str(value))
    except InvalidOperation as error:
        raise Invalid("invalid_event", field=field) from error
    if not found.is_finite() or not 0 <= found <= MOST:
        raise Invalid("invalid_event", field=field)
    return found


def _minor(amount: Decimal) -> int:
    """Returns an amount in minor units, HALF_UP."""
    return int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))
