"""What may be paid back: never more than was paid, to the cent."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import Refused
from sales.domain import refund as domain
from sales.domain.item import Item
from sales.domain.refund import MOVES, Refund, Wanted
from sales.domain.repayment import Paid, divided
from sales.domain.sale import Sale

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SALE = Sale(
    UUID(int=1), "centro-20261120-0001", "centro", date(2026, 11, 20), "key:1", None, "retail", "completed", "cash", "BRL",
    (), 0, 0, 0, 0, False, False, "", "", "", 1, None, "sale/1", NOW, NOW, NOW,
)  # fmt: skip


def item(number: int, quantity: int, price_q: int) -> Item:
    return Item(
        UUID(int=number), f"SKU-{number}", "", Decimal(quantity), price_q, True, 0, 0, 0, Decimal(0), None, Decimal(7)
    )  # fmt: skip


def refund(number: int, parts: list[domain.Part], status: str = domain.PROCESSED) -> Refund:
    amount_q = sum(part.amount_q for part in parts)
    return Refund(UUID(int=number), SALE.id, "partial", status, amount_q, "", parts, "", "", "", "", NOW, NOW, NOW)


ITEMS = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 10_000)), min_size=1, max_size=5)


@given(ITEMS, st.integers(0, 5_000), st.data())
def test_units_brought_back_one_by_one_get_exactly_what_was_paid(
    bought: list[tuple[int, int]], discount_q: int, data: st.DataObject
) -> None:
    items = tuple(item(number, *each) for number, each in enumerate(bought, 1))
    sale = replace(SALE, items=items, discount_q=discount_q)
    sale = replace(sale, amount_paid_q=sale.total_q)
    assert sum(domain.shares(sale).values()) == sale.total_q
    units = [each.id for each in items for _ in range(int(each.quantity))]
    earlier: list[Refund] = []
    for number, item_id in enumerate(data.draw(st.permutations(units)), 1):
        [part] = domain.parts(sale, earlier, [Wanted(item_id, Decimal(1), True)])
        assert part.amount_q >= 0
        domain.check_refundable(sale, "partial", part.amount_q, earlier, NOW)
        earlier.append(refund(number, [part]))
    assert sum(each.amount_q for each in earlier) == sale.total_q
    assert domain.refundable_q(sale, earlier) == 0
    assert not domain.remaining(sale, earlier, restock=True)


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=6), st.integers(0, 5_000), st.lists(st.integers(1, 9_999)))
def test_what_refunds_give_back_of_payments_is_each_of_them_to_the_cent(
    amounts: list[int], undivided_q: int, refunds: list[int]
) -> None:
    left = {UUID(int=number): amount_q for number, amount_q in enumerate(amounts)}
    undivided_q = min(undivided_q, sum(amounts))
    refundable_q = sum(amounts) - undivided_q
    for wanted_q in (*refunds, refundable_q):
        amount_q = min(wanted_q, refundable_q)
        parts = divided(amount_q, refundable_q, [Paid(key, None, left_q) for key, left_q in left.items()])
        assert sum(parts.values()) == amount_q
        assert all(0 < part_q <= left[key] for key, part_q in parts.items())
        left = {key: left_q - parts.get(key, 0) for key, left_q in left.items()}
        refundable_q -= amount_q
    assert sum(left.values()) == undivided_q


def test_the_odd_cent_goes_to_the_largest_remainder() -> None:
    paid = [Paid(UUID(int=number), None, left_q) for number, left_q in enumerate((1201, 1799))]
    assert list(divided(1000, 3000, paid).values()) == [400, 600]
    assert list(divided(1, 3000, paid).values()) == [1]


def test_a_rejected_refund_holds_nothing() -> None:
    sale = replace(SALE, items=(item(1, 1, 100),), amount_paid_q=107)
    parts = domain.parts(sale, [], [Wanted(UUID(int=1), Decimal(1), True)])
    with pytest.raises(Refused, match="refund_quantity_exceeded"):
        domain.parts(sale, [refund(1, parts, domain.REQUESTED)], [Wanted(UUID(int=1), Decimal(1), True)])
    assert domain.parts(sale, [refund(1, parts, domain.REJECTED)], [Wanted(UUID(int=1), Decimal(1), True)]) == parts


@pytest.mark.parametrize("status", MOVES)
@pytest.mark.parametrize("wanted", MOVES)
def test_a_refund_moves_as_the_table_says(status: str, wanted: str) -> None:
    found = refund(1, [], status)
    if wanted in MOVES[status]:
        assert domain.moved(found, wanted).status == wanted
    else:
        with pytest.raises(Refused, match="refund_not_open"):
            domain.moved(found, wanted)
