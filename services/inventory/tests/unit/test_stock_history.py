"""The checker of histories: it finds the order if there is one, and nothing else will do."""

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stock_history import Level, Step, Unexplained, anything, enough, exactly, explain, short

EMPTY = Level(Decimal(0), Decimal(0))
FIVE = Level(Decimal(5), Decimal(0))
ONE, TWO, THREE = Decimal(1), Decimal(2), Decimal(3)


def sold(qty: Decimal, began: float, ended: float) -> Step:
    return Step(f"reserve {qty}", began, ended, enough(qty), reserved=qty)


def test_what_overlaps_may_have_happened_in_any_order() -> None:
    early, late = sold(THREE, 1, 2), Step("receive 3", 0, 10, anything, on_hand=THREE)
    assert explain([early, late], EMPTY) == [late, early]


def test_what_was_answered_before_another_was_asked_for_comes_first() -> None:
    with pytest.raises(Unexplained, match=r"after 0 operations(.|\n)*reserve 3"):
        explain([sold(THREE, 1, 2), Step("receive 3", 3, 10, anything, on_hand=THREE)], EMPTY)


def test_a_unit_that_is_sold_twice_has_no_order() -> None:
    with pytest.raises(Unexplained, match="after 1 operations"):
        explain([sold(THREE, 0, 9), sold(THREE, 0, 9)], FIVE)


def test_a_refusal_must_be_right_about_what_there_was() -> None:
    explain([sold(THREE, 0, 1), Step("refused", 2, 3, short(THREE, TWO))], FIVE)
    with pytest.raises(Unexplained):
        explain([sold(THREE, 0, 1), Step("refused", 2, 3, short(THREE, ONE))], FIVE)
    with pytest.raises(Unexplained):
        explain([Step("refused", 0, 1, short(THREE, Decimal(5)))], FIVE)


def test_a_reader_sees_neither_the_future_nor_the_past() -> None:
    seen = Step("read", 2, 3, exactly(Decimal(5), THREE))
    explain([sold(THREE, 0, 1), seen], FIVE)
    with pytest.raises(Unexplained):
        explain([sold(THREE, 4, 5), seen], FIVE)
    with pytest.raises(Unexplained):
        explain([sold(THREE, 0, 1), seen._replace(fits=exactly(*FIVE))], FIVE)


def recorded(picks: random.Random, count: int, clients: int) -> list[Step]:
    """What so many clients see who are served one after the other, each operation at a moment somewhere within its time."""
    level, steps = FIVE, []
    for moment in range(count):
        began, ended = moment - picks.random() * clients, moment + picks.random() * clients
        qty = Decimal(picks.randint(1, 3))
        kind = picks.choice(["reserve", "reserve", "release", "receive", "read"])
        if kind == "receive":
            step = Step(kind, began, ended, anything, on_hand=qty)
        elif kind == "release" and level.reserved >= qty:
            step = Step(kind, began, ended, anything, reserved=-qty)
        elif kind == "reserve" and level.free >= qty:
            step = sold(qty, began, ended)
        elif kind == "reserve":
            step = Step("refused", began, ended, short(qty, level.free))
        else:
            step = Step("read", began, ended, exactly(*level))
        steps.append(step)
        level = step.after(level)
    picks.shuffle(steps)
    return steps


@given(st.randoms(use_true_random=True), st.integers(1, 8))
def test_every_history_of_a_correct_service_is_explained(picks: random.Random, clients: int) -> None:
    steps = recorded(picks, 60, clients)
    order = explain(steps, FIVE)
    assert sorted(map(id, order)) == sorted(map(id, steps))
    level = FIVE
    for number, step in enumerate(order):
        assert step.fits(level)
        assert all(step.began <= later.ended for later in order[number:])
        level = step.after(level)


@given(st.randoms(use_true_random=True), st.integers(1, 8))
def test_a_unit_too_many_is_found_by_whoever_reads_at_the_end(picks: random.Random, clients: int) -> None:
    steps = recorded(picks, 40, clients)
    on_hand = FIVE.on_hand + sum(step.on_hand for step in steps)
    reserved = sum((step.reserved for step in steps), Decimal(0))
    explain([*steps, Step("read", 1000, 1001, exactly(on_hand, reserved))], FIVE)
    with pytest.raises(Unexplained):
        explain([*steps, Step("read", 1000, 1001, exactly(on_hand, reserved + 1))], FIVE)
