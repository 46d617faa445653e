"""Periods of business days: they begin and end at midnight where the business is (decision 34)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kit.errors import Invalid

DAYS = 30
"""Days that a period has when nobody says otherwise; the last is today."""

EARLIEST = 1970


@dataclass(frozen=True, slots=True)
class Period:
    """From an instant to just before another, with the business days that they lie on."""

    start: datetime
    end: datetime
    first: date
    last: date


def read(since: str, until: str, now: datetime, timezone: str) -> Period:
    """Returns the period between two days, both counted in full, or two instants; either may be empty.

    Raises Invalid(`invalid_period`) for what is no day and no instant, and for an end before the start.
    """
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    end = _instant("to", until or today.isoformat(), zone, timedelta(days=1))
    last = (end - timedelta(microseconds=1)).astimezone(zone).date()
    start = _instant("from", since or (last - timedelta(days=DAYS - 1)).isoformat(), zone, timedelta())
    # A last day counts in full: where it ends just when the first begins, it is the day before.
    if end < start or (end == start and "T" not in until):
        raise Invalid("invalid_period", field="to")
    return Period(start, end, start.astimezone(zone).date(), last)


def _instant(field: str, text: str, zone: ZoneInfo, later: timedelta) -> datetime:
    """Returns an instant, or the midnight that a day begins with, so much later."""
    try:
        if "T" in text:
            return _sane(datetime.fromisoformat(text))
        return _sane(datetime.combine(date.fromisoformat(text) + later, time(), zone))
    except (ValueError, OverflowError) as error:
        raise Invalid("invalid_period", field=field) from error


def _sane(instant: datetime) -> datetime:
    if instant.tzinfo is None or instant.year < EARLIEST:
        raise ValueError("an instant without its offset from UTC, or before there were computers")
    return instant.astimezone(UTC)
