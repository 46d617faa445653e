"""A channel's config as a document: which keys there are, and what each may hold (spec 1A.4)."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from kit.errors import Invalid
from orders.domain import channel, flow, pipeline
from orders.domain import ref as refs
from orders.domain.checks import HOLD, STOCK
from orders.domain.delivery import KINDS
from orders.domain.ops import ROOTS

IGNORED = ("pricing_policy", "edit_policy")
"""Keys that older documents put here; the channel's own fields count (decision 15)."""
EVENTS = "order."
LONGEST_NAME = 64
PREFIX = re.compile("[A-Z]{2,8}")
LONGEST_HOLD_MINUTES = 7 * 24 * 60

Check = Callable[[str, Any], None]


def check(config: Mapping[str, Any], executed: Collection[str] = ()) -> None:
    """Raises Invalid(`invalid_config`, path, problem) unless the config can be followed; every write goes through here.

    Of the topics that services execute only `stock.hold` is a check, the one of `stock`: the others answer no session.
    """
    if unknown := sorted(set(config) - set(KEYS)):
        raise Invalid("invalid_config", path=unknown[0], problem="unknown_keys", unknown=unknown, valid=sorted(KEYS))
    for key, value in config.items():
        if value is not None:
            KEYS[key](key, value)
    flow.check(flow.of(config), own_map=bool((config.get("order_flow") or {}).get("transitions")))
    _check_names(config)
    for code, topic in channel.rules(config).check_topics.items():
        own = topic not in executed or (code, topic) == (STOCK, HOLD)
        _expect(f"checks.{code}.directive_topic", own, "executed_topic", topic=topic)


def _check_names(config: Mapping[str, Any]) -> None:
    """Raises Invalid where a status is named that neither the flow nor the default one has: mostly a typing error."""
    statuses = flow.of(config).statuses | set(flow.TRANSITIONS)
    named = {key: list(config.get(key) or ()) for key in ("status_labels", "status_flow", "reverse_status_mapping")}
    named["status_mapping"] = list((config.get("status_mapping") or {}).values())
    for key, names in named.items():
        for name in names:
            _expect(f"{key}.{name}", name in statuses, "choice", valid=sorted(statuses))
    told = (config.get("notifications") or {}).get("on_events") or ()
    known = {f"{EVENTS}{status}" for status in statuses} | {f"{EVENTS}created"}
    for index, event in enumerate(told):
        _expect(f"notifications.on_events[{index}]", event in known, "choice", valid=sorted(known))


def _expect(path: str, met: bool, problem: str, **values: Any) -> None:
    """Raises Invalid; the problem is one of those that the texts have words for."""
    if not met:
        raise Invalid("invalid_config", path=path, problem=problem, **values)


def _text(path: str, value: Any) -> None:
    _expect(path, isinstance(value, str), "no_text")


def _texts(path: str, value: Any) -> None:
    _expect(path, isinstance(value, list), "no_texts")
    for index, each in enumerate(value):
        _name(f"{path}[{index}]", each)


def _name(path: str, value: Any) -> None:
    named = isinstance(value, str) and value.strip() and len(value) <= LONGEST_NAME
    _expect(path, bool(named), "no_name", longest=LONGEST_NAME)


def _transitions(path: str, value: Any) -> None:
    _mapping(_texts)(path, value)
    for status in value:
        _name(f"{path}.{status}", status)


def _object(path: str, value: Any) -> None:
    _expect(path, isinstance(value, dict), "no_object")


def _minutes(path: str, value: Any) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    _expect(path, whole and 1 <= value <= LONGEST_HOLD_MINUTES, "no_minutes", most=LONGEST_HOLD_MINUTES)


def _count(path: str, value: Any) -> None:
    _expect(path, isinstance(value, int) and not isinstance(value, bool) and value >= 0, "no_count")


def _flag(path: str, value: Any) -> None:
    _expect(path, isinstance(value, bool), "no_flag")


def _numbering(path: str, value: Any) -> None:
    _fields(prefix=_prefix, digits=_digits)(path, value)
    _expect(f"{path}.prefix", "prefix" in value, "missing")


def _prefix(path: str, value: Any) -> None:
    met = isinstance(value, str) and PREFIX.fullmatch(value) and value != refs.PREFIX
    _expect(path, bool(met), "no_prefix", taken=refs.PREFIX)


def _digits(path: str, value: Any) -> None:
    _expect(path, isinstance(value, int) and not isinstance(value, bool) and 3 <= value <= 9, "no_digits")


def _paths(path: str, value: Any) -> None:
    _texts(path, value)
    for index, each in enumerate(value):
        _expect(f"{path}[{index}]", each.split(".")[0] in ROOTS, "choice", valid=sorted(ROOTS))


def _backend(path: str, value: Any) -> None:
    """How notifications go out; empty is as good as not said."""
    _text(path, value)
    _expect(path, not value or value in KINDS, "choice", valid=sorted(KINDS))


def _codes(known: Collection[str]) -> Check:
    def check(path: str, value: Any) -> None:
        _texts(path, value)
        for index, each in enumerate(value):
            _expect(f"{path}[{index}]", each in known, "choice", valid=sorted(known))

    return check


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
            _expect(f"{path}.{key}", key in checks, "choice", valid=sorted(checks))
            checks[key](f"{path}.{key}", each)

    return check


def _automatic(path: str, value: Any) -> None:
    """A status, or a status with those from which alone it is entered; null says nothing."""
    if isinstance(value, dict):
        _fields(**{"to": _text, "from": _texts})(path, value)
        _expect(path, set(value) == {"to", "from"}, "no_move")
    elif value is not None:
        _text(path, value)


KEYS: Mapping[str, Check] = {
    "icon": _text,
    "required_checks_on_commit": _texts,
    "checks": _mapping(_fields(directive_topic=_text, label=_text, hold_ttl_minutes=_minutes)),
    "post_commit_directives": _texts,
    "order_flow": _fields(
        initial_status=_name,
        transitions=_transitions,
        terminal_statuses=_texts,
        auto_transitions=_mapping(_automatic),
        shortcuts=_mapping(_mapping(_text)),
    ),
    "notifications": _fields(backend=_backend, on_events=_texts),
    "terminology": _mapping(_text),
    "status_labels": _mapping(_text),
    "status_flow": _texts,
    "status_mapping": _mapping(_text),
    "reverse_status_mapping": _mapping(_text),
    "order_refs": _numbering,
    "price_list": _text,
    "rules": _fields(
        modifiers=_codes(pipeline.STANDARD.modifiers),
        validators=_codes(pipeline.STANDARD.validators),
        merge_equal_lines=_flag,
        most_lines=_count,
        required_data=_paths,
        minimum_order_q=_count,
    ),
    **dict.fromkeys(IGNORED, _text),
}
