"""Who gets which units, decided on plain values."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from inventory.domain.allocation import Rule, Terms, allocate, total
from inventory.domain.book import Book
from inventory.domain.hold import Demand, Line, decide, rearrange
from inventory.domain.quantity import FINEST
from inventory.domain.reservation import Owner, Reservation, Status, new
from inventory.domain.stock import Key, Shelf, Shelves
from kit.ids import uuid7

BUSINESS = UUID(int=7)
NOW = datetime(2026, 11, 21, tzinfo=UTC)
LATER = NOW + timedelta(minutes=15)
PLACES = ["a", "b", "c"]
SKUS = ["x", "y"]
UNITS = st.integers(1, 9000).map(lambda thousandths: Decimal(thousandths) / 1000)
STEPS = st.sampled_from([FINEST, Decimal("0.25"), Decimal(1)])


def shelf(sku: str, location: str, free: Decimal, step: Decimal = FINEST, held: Decimal = Decimal(0)) -> Shelf:
    """A shelf; its location's priority follows the alphabet."""
    return Shelf(
        BUSINESS, sku, location, free + held, held, step,
        product_active=True, location_active=True, priority=PLACES.index(location),
    )  # fmt: skip


def owner(n: int) -> Owner:
    """The n-th session."""
    return Owner(BUSINESS, "session", "counter", f"S{n}")


def demand(n: int, *lines: tuple[str, Decimal]) -> Demand:
    """What the n-th session wants."""
    return Demand(owner(n), 1, [Line(f"L{i}", *line) for i, line in enumerate(lines)], timedelta(minutes=15))


@given(st.lists(st.integers(0, 9000), max_size=3), UNITS, STEPS)
def test_parts_never_take_more_than_there_is_or_than_is_wanted(stock: list[int], qty: Decimal, step: Decimal) -> None:
    places = [Key(BUSINESS, "x", PLACES[n]) for n in range(len(stock))]
    free = {place: Decimal(units) / 1000 for place, units in zip(places, stock, strict=True)}
    parts = allocate(free, places, qty, Terms(step))
    assert total(parts) <= qty
    assert len({part.key for part in parts}) == len(parts)
    assert all(0 < part.qty <= free[part.key] and part.qty % step == 0 for part in parts)


@given(st.lists(st.integers(0, 9000), max_size=3), UNITS)
def test_parts_reach_what_is_wanted_whenever_there_is_enough(stock: list[int], qty: Decimal) -> None:
    places = [Key(BUSINESS, "x", PLACES[n]) for n in range(len(stock))]
    free = {place: Decimal(units) / 1000 for place, units in zip(places, stock, strict=True)}
    assert total(allocate(free, places, qty, Terms(FINEST))) == min(qty, sum(free.values()))


def test_one_place_that_has_it_all_is_better_than_several() -> None:
    shelves = Shelves([shelf("x", "a", Decimal(1)), shelf("x", "b", Decimal(5)), shelf("x", "c", Decimal(9))])
    parts = allocate(shelves.free, shelves.places((BUSINESS, "x")), Decimal(3), Terms(FINEST))
    assert [(part.key.location, part.qty) for part in parts] == [("b", 3)]


LINES = st.lists(st.tuples(st.sampled_from(SKUS), UNITS), max_size=3)
STOCK = st.dictionaries(st.tuples(st.sampled_from(SKUS), st.sampled_from(PLACES)), UNITS)


@given(STOCK, st.lists(LINES, max_size=6), STEPS)
def test_a_batch_never_gives_out_more_than_lies_on_a_shelf(
    stock: dict[Any, Decimal], wanted: list[Any], step: Decimal
) -> None:
    shelves = Shelves(shelf(sku, place, units, step) for (sku, place), units in stock.items())
    demands = [demand(n, *lines) for n, lines in enumerate(wanted)]
    given: defaultdict[Key, Decimal] = defaultdict(Decimal)
    for asked, decision in zip(demands, decide(shelves, demands, {}), strict=True):
        assert not (decision.parts and decision.shortages)
        if not decision.shortages:
            assert total(decision.parts) == sum((line.qty for line in asked.lines), Decimal(0))
        for part in decision.parts:
            given[part.key] += part.qty
    assert all(units <= shelves.free[key] for key, units in given.items())


@given(STOCK, LINES)
def test_a_short_line_could_have_what_it_is_told(stock: dict[Any, Decimal], lines: list[Any]) -> None:
    shelves = Shelves(shelf(sku, place, units) for (sku, place), units in stock.items())
    [decision] = decide(shelves, [demand(1, *lines)], {})
    told = {short.line.line_id: short.available for short in decision.shortages}
    reduced = [(sku, told.get(f"L{i}", qty)) for i, (sku, qty) in enumerate(lines)]
    [again] = decide(shelves, [demand(1, *((sku, qty) for sku, qty in reduced if qty))], {})
    assert not again.shortages


@given(STOCK, LINES, LINES)
def test_what_a_session_holds_never_counts_against_it(
    stock: dict[Any, Decimal], first: list[Any], then: list[Any]
) -> None:
    """Holding again is as good as holding for the first time, and the counters follow."""
    shelves = Shelves(shelf(sku, place, units) for (sku, place), units in stock.items())
    [decision] = decide(shelves, [demand(1, *first)], {})
    own = [new(uuid7(), owner(1), key, qty, NOW, LATER) for key, qty in decision.parts]
    held = {(each.sku, each.location): each.qty for each in own}
    after = Shelves(
        shelf(sku, place, units - held.get((sku, place), Decimal(0)), held=held.get((sku, place), Decimal(0)))
        for (sku, place), units in stock.items()
    )
    [fresh] = decide(shelves, [demand(1, *then)], {})
    [again] = decide(after, [demand(1, *then)], {owner(1): own})
    assert bool(fresh.shortages) == bool(again.shortages)
    book = Book()
    now_held = rearrange(book, owner(1), again.parts, own, NOW, LATER, uuid7)
    assert total(again.parts) == sum((each.held for each in now_held), Decimal(0))
    for key, level in after.known.items():
        part = sum((each.held for each in now_held if each.key == key), Decimal(0))
        assert level.reserved + book.reserved[key] == part


def test_a_hold_that_is_not_wanted_any_more_is_released_or_expired() -> None:
    key = Key(BUSINESS, "x", "a")
    live = new(uuid7(), owner(1), key, Decimal(1), NOW, LATER)
    over = new(uuid7(), owner(1), key, Decimal(1), NOW, NOW)
    book = Book()
    rearrange(book, owner(1), [], [live, over], NOW, LATER, uuid7)
    assert [each.status for each in book.changed] == [Status.RELEASED, Status.EXPIRED]
    assert book.reserved == {key: Decimal(-2)}


def test_a_reservation_keeps_its_fields_in_the_order_of_its_columns() -> None:
    made = new(UUID(int=1), owner(1), Key(BUSINESS, "x", "a"), Decimal(1), NOW, LATER)
    assert made == Reservation(*made)
    assert made.owner == owner(1)


@given(
    st.lists(st.tuples(st.integers(-3, 9), st.integers(0, 5)), min_size=1, max_size=5),
    st.integers(1, 30),
    st.sampled_from([Rule.PRIORITY, Rule.FEWEST_SPLITS]),
)
def test_promised_units_are_given_only_where_those_that_are_there_do_not_do(
    shelves: list[tuple[int, int]], qty: int, rule: Rule
) -> None:
    places = [Key(BUSINESS, "x", f"{n}") for n in range(len(shelves))]
    promised = {place: Decimal(limit) for place, (_, limit) in zip(places, shelves, strict=True) if limit}
    free = {place: Decimal(there + limit) for place, (there, limit) in zip(places, shelves, strict=True)}
    parts = dict(allocate(free, places, Decimal(qty), Terms(FINEST, rule, promised)))
    there = sum(max(each, 0) for each, _ in shelves)
    possible = sum(max(units, 0) for units in free.values())
    assert sum(parts.values()) == min(qty, possible)
    assert all(0 < part <= free[place] for place, part in parts.items())
    from_promises = sum(max(part - max(free[place] - promised.get(place, 0), 0), 0) for place, part in parts.items())
    assert from_promises == max(sum(parts.values()) - there, 0)
