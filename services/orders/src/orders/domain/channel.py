"""Channels: where orders come from, and the rules that each follows (spec 1A.4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

INTERNAL, EXTERNAL = "internal", "external"
OPEN, LOCKED = "open", "locked"
CURRENCY = "BRL"


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel and the version of its rules."""

    code: str
    name: str
    pricing_policy: str
    edit_policy: str
    display_order: int
    config: Mapping[str, Any]
    config_version: int
    is_active: bool
    currency: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Rules:
    """What a config asks of sessions and orders."""

    required_checks: tuple[str, ...]
    check_topics: Mapping[str, str]
    check_labels: Mapping[str, str]
    """What people call a check."""
    hold_minutes: int | None
    post_commit: tuple[str, ...]
    told: frozenset[str]
    """Events that somebody is notified of, such as `order.confirmed`."""
    told_by: str
    """The backend that notifies."""
    labels: Mapping[str, str]
    """What the channel calls a status."""
    terms: Mapping[str, str]
    """What it calls other things, such as an `order`."""
    outward: Mapping[str, str]
    """What a marketplace is told of each status (spec 1A.11); of others it is told nothing."""
    own: Mapping[str, Any]
    """What modifiers and validators are to see to."""

    @property
    def uses_stock(self) -> bool:
        """Whether orders of the channel hold or take stock."""
        return "stock" in self.required_checks or "stock.commit" in self.post_commit


def rules(config: Mapping[str, Any]) -> Rules:
    """Reads the rules from a valid config."""
    checks, notifications = config.get("checks") or {}, config.get("notifications") or {}
    required = tuple(dict.fromkeys(config.get("required_checks_on_commit") or ()))
    return Rules(
        required_checks=required,
        check_topics={code: (checks.get(code) or {}).get("directive_topic") or f"{code}.hold" for code in required},
        check_labels={code: check["label"] for code, check in checks.items() if (check or {}).get("label")},
        hold_minutes=(checks.get("stock") or {}).get("hold_ttl_minutes"),
        post_commit=tuple(dict.fromkeys(config.get("post_commit_directives") or ())),
        told=frozenset(notifications.get("on_events") or ()),
        told_by=notifications.get("backend") or "",
        labels=config.get("status_labels") or {},
        terms=config.get("terminology") or {},
        outward=config.get("reverse_status_mapping") or {},
        own=config.get("rules") or {},
    )
