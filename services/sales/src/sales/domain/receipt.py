"""Receipt numbers: storefront, business date, number of the day (decisions 34, 41, 42)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sales.domain.business import Storefront


def business_date(storefront: Storefront, now: datetime) -> date:
    """Returns the date that a moment counts for: the storefront's, whose day begins at its cut-over hour."""
    local = now.astimezone(ZoneInfo(storefront.timezone)).replace(tzinfo=None)
    return (local - timedelta(hours=storefront.day_cutover_hour)).date()


def number(storefront: str, day: date, count: int) -> str:
    """Returns the number of a storefront's count-th receipt of a day, such as `centro-20261120-0001`."""
    return f"{storefront}-{day:%Y%m%d}-{count:04}"
