"""Fulfilments: the whole map, the stamps, and how much may be taken (decision 53, M-10)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import Invalid, Refused
from orders.domain import fulfillment as domain
from orders.domain.fulfillment import TRANSITIONS, Allotted, Fulfillment, Item

NOW = datetime(2026, 11, 20, tzinfo=UTC)
MAP = {
    "pending": "picking cancelled",
    "picking": "packing partially_fulfilled cancelled",
    "packing": "ready_to_ship partially_fulfilled cancelled",
    "ready_to_ship": "shipped partially_fulfilled cancelled",
    "shipped": "fulfilled partially_fulfilled",
    "partially_fulfilled": "picking packing shipped fulfilled cancelled",
    "fulfilled": "",
    "cancelled": "",
}


def fulfillment(status: str) -> Fulfillment:
    return Fulfillment("FUL-1", "ORD-1", status, (Item("L", Decimal(1)),), NOW, NOW)


def test_m_5_there_are_exactly_eight_statuses_and_the_map_is_that_of_decision_53() -> None:
    assert {status: " ".join(following) for status, following in TRANSITIONS.items()} == MAP


@pytest.mark.parametrize(("status", "requested"), list(product(MAP, MAP)))
def test_m_10_every_pair_is_allowed_or_refused_by_the_map(status: str, requested: str) -> None:
    if requested in MAP[status].split():
        assert domain.transition(fulfillment(status), requested, "", NOW).status == requested
        return
    with pytest.raises(Refused) as refusal:
        domain.transition(fulfillment(status), requested, "", NOW)
    assert refusal.value.code == ("invalid_transition" if MAP[status] else "terminal_status")


def test_m_10_every_step_stamps_its_times_and_each_only_once() -> None:
    found, path = (
        fulfillment("pending"),
        ["picking", "packing", "ready_to_ship", "partially_fulfilled", "picking", "packing"],
    )
    for hour, status in enumerate(path):
        found = domain.transition(found, status, "", NOW + timedelta(hours=hour))
    assert {name: (at - NOW) // timedelta(hours=1) for name, at in found.stamps.items()} == {
        "picking_started_at": 0,
        "picking_completed_at": 1,
        "packing_started_at": 1,
        "packing_completed_at": 2,
    }


def test_m_10_notes_land_with_picking_or_with_packing() -> None:
    found = domain.transition(fulfillment("pending"), "picking", "shelf 3", NOW)
    found = domain.transition(found, "packing", "fragile", NOW)
    found = domain.transition(found, "ready_to_ship", "", NOW)
    assert (found.picking_notes, found.packing_notes) == ("shelf 3", "fragile")


def line(line_id: str, qty: str, allotted: str = "0") -> Allotted:
    return Allotted(line_id, f"SKU-{line_id}", "", Decimal(qty), Decimal(allotted))


def test_lines_that_are_named_again_are_summed_and_all_that_are_short_are_told() -> None:
    lines = [line("A", "5"), line("B", "2", "1"), line("C", "1", "1")]
    [item] = domain.allot(lines, [("A", Decimal("2.5")), ("A", Decimal("2.5"))])
    assert (item.line_id, item.qty, item.sku) == ("A", Decimal(5), "SKU-A")
    with pytest.raises(Refused) as refusal:
        domain.allot(lines, [("A", Decimal(1)), ("B", Decimal(1)), ("B", Decimal(1)), ("C", Decimal("0.001"))])
    assert refusal.value.code == "quantity_exceeded"
    assert [short["line_id"] for short in refusal.value.context["lines"]] == ["B", "C"]
    assert refusal.value.context["lines"][0] == {
        "line_id": "B", "sku": "SKU-B", "ordered": "2", "allotted": "1", "left": "1", "requested": "2",
    }  # fmt: skip
    with pytest.raises(Invalid, match="unknown_line_id"):
        domain.allot(lines, [("Z", Decimal(1))])


@given(st.lists(st.decimals("0.001", "4", places=3), max_size=12))
def test_however_much_is_asked_for_no_more_is_taken_than_was_ordered(wanted: list[Decimal]) -> None:
    taken = Decimal(0)
    for qty in wanted:
        try:
            [item] = domain.allot([line("A", "10", str(taken))], [("A", qty)])
        except Refused:
            assert taken + qty > 10
        else:
            taken += item.qty
    assert taken <= 10


@pytest.mark.parametrize(
    ("status", "statuses", "whole", "found"),
    [
        ("ready_to_ship", ["ready_to_ship", "shipped", "cancelled"], True, ["on_items_ready"]),
        ("ready_to_ship", ["ready_to_ship", "packing"], True, []),
        ("ready_to_ship", ["ready_to_ship"], False, []),
        ("fulfilled", ["fulfilled", "cancelled"], True, ["on_delivery_confirm"]),
        ("fulfilled", ["fulfilled", "shipped"], True, []),
        ("fulfilled", ["fulfilled"], False, []),
    ],
)
def test_an_order_is_ready_or_delivered_only_when_all_of_it_is(
    status: str, statuses: list[str], whole: bool, found: list[str]
) -> None:
    assert domain.triggers(status, statuses, whole) == [f"on_fulfillment_{status}", *found]
