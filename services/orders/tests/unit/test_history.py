"""The eighteen actions of an order's history, and the merge patches of its data."""

from typing import Any

import pytest

from kit.merge_patch import merged
from orders.domain import history

ACTIONS = [
    "created",
    "confirmed",
    "payment_received",
    "processing_started",
    "packed",
    "shipped",
    "delivered",
    "cancelled",
    "refunded",
    "status_changed",
    "note_added",
    "payment_failed",
    "return_requested",
    "returned",
    "edited",
    "assigned",
    "inventory_reserved",
    "inventory_released",
]


def test_m_5_there_are_exactly_the_eighteen_actions_of_the_source() -> None:
    assert list(history.KINDS) == ACTIONS
    assert len(ACTIONS) == 18


@pytest.mark.parametrize(
    ("status", "action"),
    [
        ("confirmed", "confirmed"),
        ("processing", "processing_started"),
        ("shipped", "shipped"),
        ("dispatched", "shipped"),
        ("delivered", "delivered"),
        ("refunded", "refunded"),
        ("return_requested", "return_requested"),
        ("returned", "returned"),
        ("in_transit", "status_changed"),
        ("cancelled", "status_changed"),
    ],
)
def test_a_change_of_status_is_the_action_of_its_new_status_or_a_plain_change(status: str, action: str) -> None:
    assert history.action("status_changed", {"old_status": "x", "new_status": status}) == action


def test_a_remark_of_the_caller_is_no_action_unless_it_has_the_name_of_one() -> None:
    assert history.action("courier_called", {}) == ""
    assert history.action("note_added", {"note": "x"}) == "note_added"


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({"a": "foo"}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch_does_what_the_rfc_shows(
    target: dict[str, Any], patch: dict[str, Any], result: dict[str, Any]
) -> None:
    before = repr(target)
    assert merged(target, patch) == result
    assert repr(target) == before
