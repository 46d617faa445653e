"""Deliveries: what leaves the house for a directive, by webhook, by e-mail, or into the log."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

EMAIL, WEBHOOK, CONSOLE = "email", "webhook", "console"
KINDS = frozenset({EMAIL, WEBHOOK, CONSOLE})
NOTIFICATIONS = frozenset({"notification.send", "notification.email"})


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt at a delivery, with all that it takes."""

    business_id: UUID
    id: UUID
    directive_id: UUID
    topic: str
    kind: str
    attempts: int
    """Which attempt it is, from 1."""
    payload: Mapping[str, Any]
    order_ref: str
    directive_status: str
    customer_email: str
    url: str
    secret: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended; what is final is not tried again."""

    response_code: int = 0
    error_code: str = ""
    error: str = ""
    final: bool = False


DELIVERED = Outcome()


def kind_of(topic: str, payload: Mapping[str, Any]) -> str:
    """Returns how work of a topic that no service executes is delivered (decision 26): a notification as it asks for."""
    if topic not in NOTIFICATIONS:
        return WEBHOOK
    asked = payload.get("backend") or payload.get("channel")
    if isinstance(asked, str) and asked:
        return asked
    return EMAIL if topic == "notification.email" else CONSOLE
