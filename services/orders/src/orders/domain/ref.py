"""Refs: what people find a session or an order by (spec 1A.9). Their types are data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.errors import Invalid, NotFound

LONGEST_VALUE, LONGEST_SCOPE = 128, 64
PREFIX, DIGITS_OF_ORDERS = "ORD", 5
"""The prefix of order refs that are drawn at random, and how many digits those that are counted have unless told."""
DIGITS = 3


@dataclass(frozen=True, slots=True)
class RefType:
    """What refs of a type are attached to, where their values are unique, and how long they last."""

    scope: tuple[str, ...]
    of_sessions: bool
    of_orders: bool
    forever: bool = False
    """A value is never used again, not even when its ref is no longer active."""
    expires: bool = False
    """A session's ref ends with the session."""
    copied: bool = False
    """When the session becomes an order, its ref stands for the order."""


TYPES: Mapping[str, RefType] = {
    "POS_TABLE": RefType(("store_id", "business_date"), of_sessions=True, of_orders=False, expires=True),
    "POS_TAB": RefType(("store_id", "business_date"), of_sessions=True, of_orders=False, expires=True),
    "TICKET": RefType(("store_id", "business_date"), of_sessions=True, of_orders=True, expires=True, copied=True),
    "ORDER_REF": RefType(("store_id",), of_sessions=False, of_orders=True, forever=True),
    "EXTERNAL_ORDER": RefType(("channel", "merchant_id"), of_sessions=False, of_orders=True, forever=True),
}


@dataclass(frozen=True, slots=True)
class Place:
    """What a ref is attached to: a session or an order."""

    channel_code: str = ""
    session_key: str = ""
    order_ref: str = ""


@dataclass(frozen=True, slots=True)
class Ref:
    """A ref, with what it stands for by now."""

    id: UUID
    type: str
    value: str
    scope: Mapping[str, str]
    place: Place
    is_active: bool
    created_at: datetime


def ref_type(name: str) -> RefType:
    """Returns the type; raises NotFound(`unknown_ref_type`)."""
    if name not in TYPES:
        raise NotFound("unknown_ref_type", type=name, valid=sorted(TYPES))
    return TYPES[name]


def check_place(name: str, place: Place) -> None:
    """Raises NotFound for the type, or Invalid: `ref_target` as check_one, `ref_wrong_kind` where the type is not for such."""
    check_one(place)
    kind = ref_type(name)
    if not (kind.of_sessions if place.session_key else kind.of_orders):
        raise Invalid("ref_wrong_kind", type=name, target="session" if place.session_key else "order")


def check_one(place: Place) -> None:
    """Raises Invalid(`ref_target`) unless it is a session or an order."""
    if bool(place.session_key) == bool(place.order_ref):
        raise Invalid("ref_target", field="session_key")


def value_of(text: str) -> str:
    """Returns the value as it is kept; raises Invalid(`ref_value`) for an empty one."""
    value = text.strip().upper()
    if not value or len(value) > LONGEST_VALUE:
        raise Invalid("ref_value", field="value", longest=LONGEST_VALUE)
    return value


def scope_of(name: str, given: Mapping[str, Any]) -> dict[str, str]:
    """Returns a type's scope in a fixed order; raises Invalid(`ref_scope_invalid`) unless it has just the keys of the type."""
    keys = ref_type(name).scope
    scope = texts(given)
    missing, unknown = sorted(set(keys) - set(scope)), sorted(set(scope) - set(keys))
    if missing or unknown:
        raise Invalid("ref_scope_invalid", type=name, missing=missing, unknown=unknown, keys=list(keys))
    return {key: scope[key] for key in keys}


def texts(scope: Mapping[str, Any]) -> dict[str, str]:
    """Returns a scope as texts, by name; raises Invalid(`ref_scope_invalid`) for values that are not short texts or numbers."""
    found = {key: str(value).strip() for key, value in sorted(scope.items()) if isinstance(value, str | int)}
    bad = sorted({*scope} - {key for key, text in found.items() if 0 < len(text) <= LONGEST_SCOPE})
    if bad:
        raise Invalid("ref_scope_invalid", missing=bad, unknown=[], keys=sorted(scope))
    return found


def numbered(number: int) -> str:
    """Returns a number as sequences give it; empty for none."""
    return f"{number:0{DIGITS}}" if number else ""
