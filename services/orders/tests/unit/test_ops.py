"""Operations: whatever is sent, the totals are right and a failure changes nothing."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from kit.errors import Invalid
from orders.domain import money, ops
from orders.domain.ops import Op
from orders.domain.session import Session

NOW = datetime(2026, 11, 20, tzinfo=UTC)
EMPTY = Session(UUID(int=1), "web", "S", "", "", "external", "open", "BRL", NOW, NOW)
IDS, SKUS = st.sampled_from(["1", "2", "3", "4"]), st.sampled_from(["A", "B", ""])
QTYS = st.decimals("0.001", "999", places=3).map(str) | st.sampled_from(
    ["0", "0.000", "-1", "abc", "1.2345", "1e3", "1_0", "١", " 1", "9999999999", "NaN", "Infinity", ""]
)
PRICES = st.none() | st.integers(-1, 10**6)
OPS = st.one_of(
    st.builds(Op, st.just("add_line"), sku=SKUS, qty=QTYS, unit_price_q=PRICES, line_id=IDS),
    st.builds(Op, st.just("remove_line"), line_id=IDS),
    st.builds(Op, st.just("set_qty"), line_id=IDS, qty=QTYS),
    st.builds(Op, st.just("replace_sku"), line_id=IDS, sku=SKUS, unit_price_q=PRICES),
    st.builds(Op, st.just("merge_lines"), from_line_id=IDS, into_line_id=IDS),
    st.builds(Op, st.just("set_charges"), discount_q=PRICES, shipping_q=PRICES, tax_q=PRICES),
    st.builds(Op, st.sampled_from(["teleport", ""])),
)


@given(st.lists(OPS, max_size=12))
def test_totals_are_the_fold_of_the_lines_after_every_operation(sequence: list[Op]) -> None:
    session = EMPTY
    for op in sequence:
        before = session
        try:
            session = ops.apply(session, [op], {})
        except Invalid:
            assert session is before
        lines = [(line.qty * line.unit_price_q).quantize(Decimal(1), ROUND_HALF_UP) for line in session.lines]
        charges = session.charges
        assert session.subtotal_q == sum(lines)
        assert session.total_q == max(0, sum(lines) - charges.discount_q + charges.tax_q + charges.shipping_q)
        assert len({line.line_id for line in session.lines}) == len(session.lines)
        assert all(line.qty > 0 and line.unit_price_q >= 0 for line in session.lines)


@given(st.decimals("0.001", "999999", places=3), st.integers(0, 10**9))
def test_a_line_is_rounded_half_up_once(qty: Decimal, price_q: int) -> None:
    assert money.times(qty, price_q) == int((qty * price_q + Decimal("0.5")) // 1)


def test_the_sources_own_figures() -> None:
    assert [money.times(Decimal(q), p) for q, p in (("2.5", 333), ("2.4", 333), ("0.5", 1))] == [833, 799, 1]
