"""Days as callers name them, and the moments at which they begin and end."""

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from kit.errors import Invalid

EVER = datetime.min.replace(tzinfo=UTC) + timedelta(days=2)
ONE = timedelta(days=1)
LONGER = {"week": timedelta(days=7), "month": timedelta(days=31), "year": timedelta(days=366)}
"""Long enough to leave a period from its first day, and not to leave the next."""
NEVER = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)


def day(name: str, text: str) -> date | None:
    """Reads YYYY-MM-DD; None of an empty text. Raises Invalid(`invalid_date`), naming the field."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid("invalid_date", field=name, date=text) from error


def span(first: str, last: str, zone: str) -> tuple[datetime, datetime]:
    """Returns when the first day begins and the last ends, both in a zone; an empty one is without end. Raises Invalid."""
    begin, end = day("from", first), day("to", last)
    return (
        _midnight(begin, zone) if begin else EVER,
        _midnight(end + timedelta(days=1), zone) if end and end < date.max else NEVER,
    )


def months(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Yields the first and the last day of each calendar month within two days."""
    while first <= last:
        end = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        yield first, min(end, last)
        first = end + timedelta(days=1)


def named(name: str, today: date) -> tuple[date, date]:
    """Returns the first and the last day of `this_month` and its like; weeks begin on Mondays."""
    which, _, kind = name.partition("_")
    if not kind:
        found = today - ONE if name == "yesterday" else today
        return found, found
    first = _first(kind, today)
    return _span(kind, first if which == "this" else _first(kind, first - ONE))


def _first(kind: str, day: date) -> date:
    return {
        "week": day - timedelta(days=day.weekday()),
        "month": day.replace(day=1),
        "year": day.replace(month=1, day=1),
    }[kind]


def _span(kind: str, first: date) -> tuple[date, date]:
    return first, _first(kind, first + LONGER[kind]) - ONE


def moments(first: str, last: str, zone: str) -> tuple[datetime | None, datetime | None]:
    """Returns two moments, each given as one (RFC 3339) or as a day in a zone, of which the last counts whole; None of no text.

    Raises Invalid(`invalid_date`), naming the field.
    """
    begin, end = span(first if _is_day(first) else "", last if _is_day(last) else "", zone)
    return (
        _moment("from", first) if not _is_day(first) else begin,
        _moment("to", last) if not _is_day(last) else end,
    )


def _is_day(text: str) -> bool:
    return len(text) == len("2026-11-20")


def _moment(name: str, text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid("invalid_date", field=name, date=text) from error


def _midnight(begin: date, zone: str) -> datetime:
    return max(EVER, datetime(begin.year, begin.month, begin.day, tzinfo=ZoneInfo(zone)))
