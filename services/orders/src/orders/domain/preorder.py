"""Orders for a later day (spec 1A.7): what an order takes from its session's data, and when the buyer is reminded."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from kit.errors import Invalid

DATE, SLOT = "delivery_date", "delivery_time_slot"
INSIDE = {DATE: "date", SLOT: "time_slot"}
"""Where the same may stand inside `delivery`."""
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
REMINDED_AT = time(9)
TEMPLATE = "preorder_reminder"


def check(data: Mapping[str, Any]) -> None:
    """Raises Invalid(`invalid_date`) where the day of delivery is none."""
    if DATE in data and _day(data[DATE]) is None:
        raise Invalid("invalid_date", path=DATE)


def order_data(data: Mapping[str, Any], today: date) -> Mapping[str, Any]:
    """Returns the data of the order: its session's, with the delivery's day and slot at the top and `is_preorder` beside."""
    delivery = data.get("delivery")
    inside = delivery if isinstance(delivery, dict) else {}
    lifted = {name: inside[short] for name, short in INSIDE.items() if name not in data and short in inside}
    if _day(lifted.get(DATE)) is None:
        lifted.pop(DATE, None)
    day = _day(data.get(DATE, lifted.get(DATE)))
    return {**data, **lifted} if day is None else {**data, **lifted, "is_preorder": day > today}


def reminder_at(data: Mapping[str, Any], timezone: str) -> datetime | None:
    """Returns when the buyer of a pre-order is reminded: at nine on the day before, in the zone; None for any other order."""
    day = _day(data.get(DATE))
    if day is None or not data.get("is_preorder"):
        return None
    return datetime.combine(day - timedelta(days=1), REMINDED_AT, ZoneInfo(timezone)).astimezone(UTC)


def reminder(data: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what the reminder says."""
    customer = data.get("customer")
    name = customer.get("name", "") if isinstance(customer, dict) else ""
    return {"customer_name": str(name), DATE: data[DATE], SLOT: str(data.get(SLOT, ""))}


def _day(value: Any) -> date | None:
    """Reads a day such as `2026-11-21`, or the day of a time."""
    text = str(value)[:10]
    try:
        return date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        return None
