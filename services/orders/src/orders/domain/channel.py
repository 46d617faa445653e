"""Channels: where orders come from, and the rules that each follows (spec 1A.4)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kit.errors import Invalid
from orders.domain import flow

INTERNAL, EXTERNAL = "internal", "external"
OPEN, LOCKED = "open", "locked"
CURRENCY = "BRL"
IGNORED = ("pricing_policy", "edit_policy")
"""Keys that older documents put here; the channel's own fields count (decision 15)."""


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
    hold_minutes: int | None
    post_commit: tuple[str, ...]

    @property
    def uses_stock(self) -> bool:
        """Whether orders of the channel hold or take stock."""
        return "stock" in self.required_checks or "stock.commit" in self.post_commit


def rules(config: Mapping[str, Any]) -> Rules:
    """Reads the rules from a valid config."""
    checks = config.get("checks") or {}
    required = tuple(dict.fromkeys(config.get("required_checks_on_commit") or ()))
    return Rules(
        required_checks=required,
        check_topics={code: (checks.get(code) or {}).get("directive_topic") or f"{code}.hold" for code in required},
        hold_minutes=(checks.get("stock") or {}).get("hold_ttl_minutes"),
        post_commit=tuple(dict.fromkeys(config.get("post_commit_directives") or ())),
    )


def check_config(config: Mapping[str, Any]) -> None:
    """Raises Invalid(`invalid_config`, path, reason) unless the config can be followed; every write goes through here."""
    if unknown := sorted(set(config) - set(KEYS)):
        reason = f"unknown keys: {', '.join(unknown)}; valid keys: {', '.join(sorted(KEYS))}"
        raise Invalid("invalid_config", path=unknown[0], reason=reason, unknown=unknown, valid=sorted(KEYS))
    for key, value in config.items():
        if value is not None:
            KEYS[key](key, value)
    flow.check(flow.of(config), own_map=bool((config.get("order_flow") or {}).get("transitions")))


Check = Callable[[str, Any], None]


def _expect(path: str, met: bool, what: str) -> None:
    if not met:
        raise Invalid("invalid_config", path=path, reason=f"must be {what}")


def _text(path: str, value: Any) -> None:
    _expect(path, isinstance(value, str), "a text")


def _texts(path: str, value: Any) -> None:
    _expect(path, isinstance(value, list), "a list of texts")
    for index, each in enumerate(value):
        _expect(f"{path}[{index}]", isinstance(each, str) and 0 < len(each) <= 64, "a text of 1 to 64 characters")


def _object(path: str, value: Any) -> None:
    _expect(path, isinstance(value, dict), "an object")


def _minutes(path: str, value: Any) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    _expect(path, whole and 1 <= value <= 7 * 24 * 60, "whole minutes from 1 to 10080")


def _mapping(check_value: Check) -> Check:
    def check(path: str, value: Any) -> None:
        _object(path, value)
        for key, each in value.items():
            check_value(f"{path}.{key}", each)

    return check


def _fields(**checks: Check) -> Check:
    def check(path: str, value: Any) -> None:
        _object(path, value)
        for key, each in value.items():
            _expect(f"{path}.{key}", key in checks, f"one of {', '.join(sorted(checks))}")
            checks[key](f"{path}.{key}", each)

    return check


KEYS: Mapping[str, Check] = {
    "icon": _text,
    "required_checks_on_commit": _texts,
    "checks": _mapping(_fields(directive_topic=_text, label=_text, hold_ttl_minutes=_minutes)),
    "post_commit_directives": _texts,
    "order_flow": _fields(
        initial_status=_text, transitions=_mapping(_texts), terminal_statuses=_texts, auto_transitions=_mapping(_text)
    ),
    "notifications": _fields(backend=_text, on_events=_texts),
    "terminology": _mapping(_text),
    "status_labels": _mapping(_text),
    "status_flow": _texts,
    "price_list": _text,
    **dict.fromkeys(IGNORED, _text),
}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "pos": {
        "order_flow": {
            "transitions": {
                "new": ["confirmed", "cancelled"],
                "confirmed": ["completed", "cancelled"],
                "completed": [],
                "cancelled": [],
            }
        }
    },
    "remote": {"required_checks_on_commit": ["stock"], "post_commit_directives": ["stock.commit"]},
    "marketplace": {"required_checks_on_commit": ["stock"], "post_commit_directives": ["stock.commit"]},
}


def preset(name: str) -> Mapping[str, Any]:
    """Returns a ready-made config; an empty one for an empty name. Raises Invalid(`unknown_preset`)."""
    if name and name not in PRESETS:
        raise Invalid("unknown_preset", preset=name, valid=sorted(PRESETS))
    return PRESETS.get(name, {})
