"""Lots: first expired, first out, and what comes back goes where it came from."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.domain.book import COMMIT, RETURN, Movement
from inventory.domain.lot import Lot, Lots, Taken, put_back
from inventory.domain.stock import Key

KEY = Key(UUID(int=1), "coffee", "main")
TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def lot(n: int, units: int, days: int | None) -> Lot:
    """A lot that expires in so many days, or never."""
    expiry = None if days is None else TODAY + timedelta(days=days)
    return Lot(*KEY[:1], UUID(int=n), *KEY[1:], f"{n}", expiry, 100 + n, "", NOW, Decimal(units), Decimal(units))


LOTS = st.lists(st.tuples(st.integers(1, 5), st.one_of(st.none(), st.integers(-3, 3))), max_size=5).map(
    lambda found: [lot(n, *each) for n, each in enumerate(found, 1)]
)


def urgency(found: Lot | None) -> tuple[int, date]:
    """How early a lot, or units of none, should leave: what has expired comes last."""
    if found is None:
        return 1, date.max
    expiry = found.expiry_date or date.max
    return (2 if expiry < TODAY else 0), expiry


@settings(deadline=None)
@given(LOTS, st.integers(0, 4), st.lists(st.integers(1, 6), min_size=1, max_size=6))
def test_units_leave_in_order_of_their_dates_and_all_of_them_come_back(
    lots: list[Lot], plain: int, wanted: list[int]
) -> None:
    known = {each.id: each for each in lots}
    on_hand = sum((each.qty_left for each in lots), Decimal(plain))
    shelf, left, gone = Lots(lots, {KEY: on_hand}, {KEY.business: TODAY}), {each.id: each.qty_left for each in lots}, []
    for qty in wanted:
        if qty > on_hand - sum(-each.qty_delta for each in gone):
            break
        parts = shelf.take(Movement(KEY, COMMIT, Decimal(-qty), "ORD-1"))
        assert sum(part.qty_delta for part in parts) == -qty
        gone += parts
    assert [urgency(known.get(each.lot_id)) for each in gone] == sorted(
        urgency(known.get(each.lot_id)) for each in gone
    )
    for each in gone:
        if each.lot_id:
            left[each.lot_id] += each.qty_delta
            assert (each.lot, each.unit_cost_q) == (known[each.lot_id].lot, known[each.lot_id].unit_cost_q)
    assert all(units >= 0 for units in left.values())
    taken = [Taken(each, each.qty_left - left[each.id]) for each in lots if left[each.id] < each.qty_left]
    for each in gone:
        parts, taken = put_back(Movement(KEY, RETURN, -each.qty_delta, "ORD-1"), taken)
        assert sum(part.qty_delta for part in parts) == -each.qty_delta
        for part in parts:
            if part.lot_id:
                left[part.lot_id] += part.qty_delta
    assert left == {each.id: each.qty_left for each in lots}
    assert taken == []
