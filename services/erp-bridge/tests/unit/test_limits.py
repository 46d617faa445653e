"""When a call may go out."""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta

import pytest

from erp_bridge.domain import limits
from erp_bridge.domain.limits import USUAL, Pace, Standing

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FREE = Standing(NOW)


def most_in_a_minute(pace: Pace, method: bool) -> int:
    """How many calls go out in the worst minute of the ERP's clock, when all go as soon as they may."""
    minute, per_minute = MINUTE / pace.speed, pace.method_per_minute if method else pace.all_per_minute
    next_at, now, sent = NOW - minute, NOW, []
    while now < NOW + 3 * minute:
        busy = Standing(next_at)
        wait = limits.judge(busy if method else FREE, FREE if method else busy, now, pace, writes=False).wait
        if wait:
            now += timedelta(seconds=wait)
            continue
        sent.append(now)
        next_at = limits.after_call(next_at, now, per_minute)
    return max(bisect_left(sent, start + minute) - at for at, start in enumerate(sent))


@pytest.mark.parametrize("pace", [USUAL, Pace(8)])
def test_no_minute_has_more_calls_than_omie_takes(pace: Pace) -> None:
    assert 220 < most_in_a_minute(pace, method=True) < 240
    assert 900 < most_in_a_minute(pace, method=False) < 960


@pytest.mark.parametrize(
    ("writes", "in_flight", "waits"), [(False, 3, False), (False, 4, True), (True, 0, False), (True, 1, True)]
)
def test_four_reads_or_one_write_are_under_way_at_a_time(writes: bool, in_flight: int, waits: bool) -> None:
    assert bool(limits.judge(Standing(NOW, in_flight=in_flight), FREE, NOW, writes=writes).wait) is waits


def test_the_breaker_opens_before_the_tenth_error_until_the_oldest_no_longer_counts() -> None:
    errors = [NOW - timedelta(minutes=20) + timedelta(seconds=at) for at in range(8)]
    assert limits.judge(Standing(NOW, errors[1:]), FREE, NOW, writes=False).wait == 0
    verdict = limits.judge(Standing(NOW, errors), FREE, NOW, writes=False)
    assert (verdict.is_open, verdict.wait) == (True, 600)
    later = errors[0] + limits.WINDOW + timedelta(seconds=0.5)
    assert limits.judge(Standing(NOW, errors), FREE, later, writes=False).wait == 0


def test_a_block_holds_calls_back_until_its_end() -> None:
    blocked = Standing(NOW, blocked_until=NOW + timedelta(seconds=30))
    assert limits.judge(blocked, FREE, NOW, writes=False).wait == 30
    assert limits.judge(blocked, FREE, NOW + timedelta(seconds=31), writes=False).wait == 0


def test_on_a_clock_that_hurries_errors_and_questions_are_forgotten_sooner() -> None:
    pace = Pace(10)
    errors = [NOW - timedelta(minutes=3) + timedelta(seconds=at) for at in range(8)]
    assert limits.judge(Standing(NOW, errors), FREE, NOW, pace, writes=False).wait == 0
    assert limits.judge(Standing(NOW, [*errors[1:], NOW]), FREE, NOW, pace, writes=False).wait == 1
    assert (USUAL.redundant.total_seconds(), pace.redundant.total_seconds()) == (61, 7)
