"""Zones and currencies."""

from zoneinfo import ZoneInfo

import pytest

from kit.errors import Invalid
from sales.domain import place


def test_every_zone_that_is_accepted_can_be_read() -> None:
    assert len(place.TIMEZONES) > 500
    assert all(ZoneInfo(name).key == name for name in place.TIMEZONES)


def test_the_defaults_are_known() -> None:
    place.check(place.TIMEZONE, place.CURRENCY)


@pytest.mark.parametrize("zone", ["", "Sao_Paulo", "america/sao_paulo", "posix/UTC", "localtime", "Factory", "-03:00"])
def test_a_zone_that_iana_does_not_know_is_refused(zone: str) -> None:
    with pytest.raises(Invalid, match="unknown_timezone"):
        place.check(zone, "BRL")


@pytest.mark.parametrize("currency", ["", "brl", "XXX", "R$", "BRR"])
def test_a_currency_that_nobody_pays_with_is_refused(currency: str) -> None:
    with pytest.raises(Invalid, match="unknown_currency"):
        place.check("UTC", currency)
