"""Baskets: a batch is as good as one basket after the other."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from inventory.domain.allocation import total
from inventory.domain.reservation import Owner
from inventory.domain.reserve import Basket, Wish, decide, summed
from inventory.domain.stock import Shelf, Shelves

BUSINESSES = [UUID(int=7), UUID(int=8)]
STEP = Decimal("0.5")
SHELVES = [(business, sku, location) for business in BUSINESSES for sku in "xy" for location in "ab"]
WISH = st.builds(
    Wish, st.sampled_from("xy"), st.sampled_from(["", "a", "b"]), st.integers(1, 9).map(lambda halves: halves * STEP)
)
OWNER = st.builds(Owner, st.sampled_from(BUSINESSES), st.just("cart"), st.just(""), st.sampled_from("123"))
BASKET = st.builds(
    Basket, OWNER, st.lists(WISH, min_size=1, max_size=3).map(summed), st.just(timedelta(minutes=30)), st.booleans()
)


def shelves(on_hand: list[int]) -> Shelves:
    """Two businesses with two SKUs at two locations."""
    return Shelves(
        Shelf(*key, Decimal(units), Decimal(0), STEP, product_active=True, location_active=True, priority=0)
        for key, units in zip(SHELVES, on_hand, strict=True)
    )


UNITS = st.lists(st.integers(0, 6), min_size=len(SHELVES), max_size=len(SHELVES))


@given(UNITS, st.lists(BASKET, max_size=6))
def test_a_batch_is_answered_as_its_baskets_would_be_one_after_the_other(
    units: list[int], baskets: list[Basket]
) -> None:
    together = decide(shelves(units), baskets)
    place = shelves(units)
    for basket, answer in zip(baskets, together, strict=True):
        [alone] = decide(place, [basket])
        assert answer == alone
        for part in alone.parts:
            place.free[part.key] -= part.qty
    assert all(free >= 0 for free in place.free.values())


@given(UNITS, BASKET)
def test_a_basket_gets_all_or_nothing_unless_a_part_will_do(units: list[int], basket: Basket) -> None:
    [answer] = decide(shelves(units), [basket])
    wanted = sum(wish.qty for wish in basket.wishes)
    missing = sum(short.wish.qty - short.available for short in answer.shortfalls)
    assert all(part.qty > 0 for part in answer.parts)
    assert all(short.available < short.wish.qty for short in answer.shortfalls)
    if answer.shortfalls and not basket.partial:
        assert answer.parts == ()
    else:
        assert total(answer.parts) == wanted - missing
