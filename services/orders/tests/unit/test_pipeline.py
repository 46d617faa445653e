"""Modifiers and validators: registered once, run in order, chosen by the channel (cases O-S24, O-S25, O-C12)."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from kit.errors import Invalid
from orders.domain.pipeline import COMMIT, DRAFT, STANDARD, Registry
from orders.domain.session import Line, Session

NOW = datetime(2026, 11, 20, tzinfo=UTC)
EMPTY = Session(UUID(int=1), "web", "S", "", "", "external", "open", "BRL", NOW, NOW)
ONE = replace(EMPTY, lines=(Line("1", "A", "", Decimal(2), 500),))


def appending(registry: Registry, code: str, place: int) -> None:
    registry.modifier(code, place)(lambda session, _: replace(session, session_key=session.session_key + code))


def test_modifiers_run_in_the_order_of_their_places_whatever_the_order_of_registering() -> None:
    registry = Registry()
    for code, place in (("c", 30), ("a", 10), ("b", 20)):
        appending(registry, code, place)
    assert registry.modified(EMPTY, {}).session_key == "Sabc"
    assert registry.modified(EMPTY, {"modifiers": ["c", "a"]}).session_key == "Sac"
    assert registry.modified(EMPTY, {"modifiers": []}) is EMPTY


def test_a_code_is_registered_once_and_only_for_a_function_of_a_known_stage() -> None:
    registry = Registry()
    appending(registry, "a", 10)
    nothing: Any = None
    with pytest.raises(ValueError, match="a is registered already"):
        registry.validator("a", DRAFT)(lambda session, rules: None)
    with pytest.raises(ValueError, match="its stage is none of"):
        registry.validator("b", "later")(lambda session, rules: None)
    with pytest.raises(TypeError, match="b needs a function"):
        registry.modifier("b", 1)(nothing)


@pytest.mark.parametrize(
    ("rules", "stage", "code"),
    [
        ({"most_lines": 0}, DRAFT, "too_many_lines"),
        ({"most_lines": 1}, DRAFT, ""),
        ({"minimum_order_q": 1001}, COMMIT, "minimum_order"),
        ({"minimum_order_q": 1000}, COMMIT, ""),
        ({"minimum_order_q": 1001, "validators": ["required_data"]}, COMMIT, ""),
        ({"minimum_order_q": 1001, "validators": []}, COMMIT, ""),
        ({"minimum_order_q": 1001}, DRAFT, ""),
        ({"required_data": ["customer.name"]}, COMMIT, "missing_data"),
    ],
)
def test_a_validator_speaks_at_its_stage_and_only_where_the_channel_runs_it(
    rules: dict[str, Any], stage: str, code: str
) -> None:
    if not code:
        STANDARD.validate(stage, ONE, rules)
        return
    with pytest.raises(Invalid) as refusal:
        STANDARD.validate(stage, ONE, rules)
    assert refusal.value.code == code


@pytest.mark.parametrize("nothing", [None, "", " \t", [], {}])
def test_nothing_and_blanks_are_no_data(nothing: Any) -> None:
    with pytest.raises(Invalid, match="missing_data"):
        STANDARD.validate(
            COMMIT, replace(ONE, data={"customer": {"name": nothing}}), {"required_data": ["customer.name"]}
        )


def test_data_that_is_there_is_not_missed() -> None:
    STANDARD.validate(COMMIT, replace(ONE, data={"customer": {"name": "João"}}), {"required_data": ["customer.name"]})


def test_lines_that_differ_only_in_quantity_become_one_where_the_channel_wants_it() -> None:
    lines = (
        Line("1", "A", "", Decimal(2), 500),
        Line("2", "B", "", Decimal(1), 500),
        Line("3", "A", "", Decimal(3), 500),
    )
    other = Line("4", "A", "", Decimal(1), 400)
    session = replace(EMPTY, lines=(*lines, other), pricing_trace=({"line_id": "3"}, {"line_id": "1"}))
    merged = STANDARD.modified(session, {"merge_equal_lines": True})
    assert [(line.line_id, line.qty) for line in merged.lines] == [("1", 5), ("2", 1), ("4", 1)]
    assert (merged.total_q, merged.pricing_trace) == (session.total_q, ({"line_id": "1"},))
    assert STANDARD.modified(session, {}) == session
