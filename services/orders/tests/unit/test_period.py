"""Periods of business days."""

from datetime import UTC, date, datetime, timedelta

import pytest

from kit.errors import Invalid
from orders.domain import period

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
ZONE = "America/Sao_Paulo"
"""Three hours behind: there it is still the twentieth."""


def test_days_are_those_of_the_business_and_count_in_full() -> None:
    found = period.read("2026-11-01", "2026-11-20", NOW, ZONE)
    assert (found.start, found.end) == (datetime(2026, 11, 1, 3, tzinfo=UTC), datetime(2026, 11, 21, 3, tzinfo=UTC))
    assert (found.first, found.last) == (date(2026, 11, 1), date(2026, 11, 20))


def test_without_an_end_it_is_today_and_without_a_start_thirty_days() -> None:
    found = period.read("", "", NOW, ZONE)
    assert (found.first, found.last, found.end - found.start) == (date(2026, 10, 22), date(2026, 11, 20), timedelta(30))


def test_a_day_on_which_clocks_change_has_its_own_length() -> None:
    found = period.read("2026-03-08", "2026-03-08", NOW, "America/New_York")
    assert found.end - found.start == timedelta(hours=23)


def test_instants_are_taken_as_they_are() -> None:
    found = period.read("2026-11-20T10:00:00-03:00", "2026-11-20T14:00:00Z", NOW, "UTC")
    assert found.start == datetime(2026, 11, 20, 13, tzinfo=UTC)
    assert found.first == found.last == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("since", "until", "field"),
    [
        ("yesterday", "", "from"), ("", "2026-13-01", "to"), ("", "0001-01-02", "to"),
        ("2026-11-20T10:00:00", "", "from"), ("9999-12-31", "9999-12-31", "to"),
        ("2026-11-02", "2026-10-31", "to"), ("2026-11-02", "2026-11-01", "to"), ("2026-11-22", "", "to"),
    ],
)  # fmt: skip
def test_what_is_no_period_is_refused(since: str, until: str, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        period.read(since, until, NOW, ZONE)
    assert (refusal.value.code, refusal.value.context["field"]) == ("invalid_period", field)
