"""The flow of order management as source 004 has it (M-1, M-2, M-3)."""

from itertools import product

import pytest
from orders_in import NOW, order_in

from kit.errors import Refused
from kit.texts import render
from orders.domain import flow, order, presets
from orders.texts import TEXTS

MANAGED = flow.of(presets.preset("order_management"))
MAP = {
    "draft": "pending cancelled",
    "pending": "confirmed cancelled",
    "confirmed": "processing cancelled",
    "processing": "ready_to_ship cancelled",
    "ready_to_ship": "shipped cancelled",
    "shipped": "in_transit delivered failed",
    "in_transit": "delivered failed",
    "delivered": "completed return_requested",
    "completed": "return_requested",
    "return_requested": "returned completed",
    "failed": "pending cancelled",
    "returned": "",
    "cancelled": "",
    "refunded": "",
}
SHORTCUT = ("draft", "confirmed")
"""Decision 54: who confirms a draft takes both steps."""


@pytest.mark.parametrize(("status", "requested"), [pair for pair in product(MAP, MAP) if pair != SHORTCUT])
def test_m_1_every_pair_is_allowed_or_refused_by_the_map(status: str, requested: str) -> None:
    if requested in MAP[status].split():
        [moved] = order.transition(order_in(status), MANAGED, requested, NOW)
        assert moved.status == requested
        return
    with pytest.raises(Refused) as refusal:
        order.transition(order_in(status), MANAGED, requested, NOW)
    assert refusal.value.code == ("invalid_transition" if MAP[status] else "terminal_status")


def test_m_1_a_refusal_says_from_where_to_where() -> None:
    with pytest.raises(Refused) as refusal:
        order.transition(order_in("draft"), MANAGED, "shipped", NOW)
    assert render(refusal.value, TEXTS, "en") == "Invalid status transition from draft to shipped."


def test_m_2_an_order_goes_the_whole_way() -> None:
    path = "pending confirmed processing ready_to_ship shipped in_transit delivered completed"
    found = order_in("draft")
    for status in path.split():
        [found] = order.transition(found, MANAGED, status, NOW)
    assert (found.status, found.last_seq) == ("completed", 9)


def test_m_3_an_order_is_cancelled_until_it_has_left() -> None:
    assert [status for status in MAP if "cancelled" in MANAGED.next(status)] == [
        "draft", "pending", "confirmed", "processing", "ready_to_ship", "failed",
    ]  # fmt: skip
