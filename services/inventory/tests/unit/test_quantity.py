"""Quantities as text and as decimals."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.domain.quantity import LARGEST, check_storable, positive, printed, signed, whole_steps
from kit.errors import Invalid

QUANTITIES = st.integers(0, int(LARGEST * 1000)).map(lambda thousandths: Decimal(thousandths) / 1000)


@given(QUANTITIES)
def test_a_quantity_survives_its_text(qty: Decimal) -> None:
    assert signed(printed(qty)) == qty
    assert signed(f"-{printed(qty)}") == -qty


@pytest.mark.parametrize("text", ["", "1.2345", "1e3", "NaN", "1,5", " 1", "1000000000", ".5", "+1", "1.", "١", "1\n"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="invalid_qty"):
        signed(text)


@pytest.mark.parametrize("text", ["0", "0.000", "-1"])
def test_a_quantity_to_move_is_above_zero(text: str) -> None:
    with pytest.raises(Invalid, match="invalid_qty"):
        positive(text)


@given(QUANTITIES, st.sampled_from(["0.001", "0.25", "0.3", "1", "12"]))
def test_whole_steps_are_the_most_that_fit(qty: Decimal, step: str) -> None:
    found = whole_steps(qty, Decimal(step))
    assert found % Decimal(step) == 0
    assert 0 <= qty - found < Decimal(step)


def test_what_the_tables_cannot_hold_is_refused() -> None:
    assert check_storable(LARGEST) == LARGEST
    with pytest.raises(Invalid, match="quantity_too_large"):
        check_storable(LARGEST + Decimal("0.001"))
