"""Directives: durable work with a visible life (spec 1A.8): queued → running → done | failed, or cancelled."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.errors import Invalid

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
FILTER_ALIASES = {"pending": QUEUED, "completed": DONE}
"""Names that other documents use (decision 5)."""
MOST_FAILURES = 5
LEASE_SECONDS = 60
LONGEST_LEASE_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Directive:
    """A directive as an operator sees it."""

    id: UUID
    topic: str
    status: str
    payload: Mapping[str, Any]
    order_ref: str
    session_key: str
    attempts: int
    available_at: datetime
    error_code: str
    last_error: str
    created_at: datetime
    started_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Task:
    """Work to be queued."""

    topic: str
    payload: Mapping[str, Any]
    channel_code: str
    session_key: str
    order_ref: str = ""
    available_at: datetime | None = None
    """Not before this time; at once when None."""


def task(topic: str, payload: Mapping[str, Any], order_ref: str, available_at: datetime | None, now: datetime) -> Task:
    """Returns the work that a caller asks for; it belongs to the order and session that its payload names.

    Raises Invalid(`order_ref_mismatch`) where the payload names another order than the caller does.
    """
    names = {name: payload.get(name, "") for name in ("order_ref", "channel_code", "session_key")}
    named = {name: value if isinstance(value, str) else "" for name, value in names.items()}
    if order_ref and named["order_ref"] not in ("", order_ref):
        raise Invalid("order_ref_mismatch", order_ref=order_ref, payload_order_ref=named["order_ref"])
    ref = order_ref or named["order_ref"]
    later = available_at if available_at and available_at > now else None
    whole = {**payload, "order_ref": ref} if ref else payload
    return Task(topic, whole, named["channel_code"], named["session_key"], ref, later)


def release(channel_code: str, session_key: str, reason: str, order_ref: str = "") -> Task:
    """Returns the work of giving back what a session or its order holds."""
    payload = {"order_ref": order_ref, "channel_code": channel_code, "session_key": session_key, "reason": reason}
    return Task("stock.release", payload, channel_code, session_key, order_ref)
