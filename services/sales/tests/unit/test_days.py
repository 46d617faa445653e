"""Days by name, and months."""

from datetime import date

import pytest

from sales.domain import days

SUNDAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("today", "2026-03-01", "2026-03-01"),
        ("yesterday", "2026-02-28", "2026-02-28"),
        ("this_week", "2026-02-23", "2026-03-01"),
        ("last_week", "2026-02-16", "2026-02-22"),
        ("this_month", "2026-03-01", "2026-03-31"),
        ("last_month", "2026-02-01", "2026-02-28"),
        ("this_year", "2026-01-01", "2026-12-31"),
        ("last_year", "2025-01-01", "2025-12-31"),
    ],
)
def test_a_range_by_name_is_whole(name: str, first: str, last: str) -> None:
    assert days.named(name, SUNDAY) == (date.fromisoformat(first), date.fromisoformat(last))


def test_a_leap_year_and_a_january_end_where_they_should() -> None:
    assert days.named("last_year", date(2025, 1, 1)) == (date(2024, 1, 1), date(2024, 12, 31))
    assert days.named("last_month", date(2026, 1, 31)) == (date(2025, 12, 1), date(2025, 12, 31))


def test_months_leave_no_day_out() -> None:
    found = list(days.months(date(2025, 12, 15), date(2026, 2, 3)))
    assert [tuple(map(date.isoformat, each)) for each in found] == [
        ("2025-12-15", "2025-12-31"), ("2026-01-01", "2026-01-31"), ("2026-02-01", "2026-02-03"),
    ]  # fmt: skip
    assert not list(days.months(date(2026, 2, 3), date(2026, 2, 2)))
