"""A line of an Olist file, read exactly: no amount passes through a float, no time loses what the file says.

The oddities of the file are not cleaned away: an order may have no item, times may lie out of order, payments may differ from
what the items cost. What is refused here is only what cannot be sent at all.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Sao_Paulo")
AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,2})?")
# Together with its prefix it is the key of a session.
ORDER_ID = re.compile(r"[A-Za-z0-9._:-]{1,58}")
SKU = re.compile(r"\S{1,64}")
MOST_LINES = 200
STATUSES: Mapping[str, str] = {
    "created": "new",
    "approved": "confirmed",
    "invoiced": "confirmed",
    "processing": "processing",
    "shipped": "dispatched",
    "delivered": "delivered",
    "canceled": "cancelled",
    "unavailable": "cancelled",
}
TIMES = ("purchased_at", "approved_at", "delivered_carrier_at", "delivered_customer_at")
SIZES = ("weight_g", "length_cm", "height_cm", "width_cm")

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """Units of one product at one price, in minor units; the rows of the file that they come from stand in meta."""

    sku: str
    name: str
    qty: int
    price_q: int
    meta: JSON


@dataclass(frozen=True, slots=True)
class Order:
    """An order of the file; status is where it stands in Comanda's flow, reason is the file's word for it."""

    number: int
    order_id: str
    status: str
    reason: str
    lines: Sequence[Line]
    data: JSON

    @property
    def total_q(self) -> int:
        """What its lines cost, in minor units."""
        return sum(line.qty * line.price_q for line in self.lines)


def parse(number: int, text: bytes) -> Order:
    """Reads one line; raises ValueError with the reason why it cannot be sent."""
    record = _record(text)
    order_id = _matching(record, "order_id", ORDER_ID)
    status = _text(record, "status")
    if status not in STATUSES:
        raise ValueError(f"status `{status}` is unknown")
    lines = _lines(_objects(record, "items"))
    if len(lines) > MOST_LINES:
        raise ValueError(f"it has {len(lines)} different lines, and {MOST_LINES} is the most")
    return Order(number, order_id, STATUSES[status], status, lines, _data(record))


def minor(value: object) -> int:
    """Returns an amount of money in minor units; raises ValueError for what is not text like 12.90."""
    if not isinstance(value, str | int) or not AMOUNT.fullmatch(str(value)):
        raise ValueError(f"`{value}` is no amount of money")
    return int(Decimal(value).scaleb(2))


def local_time(text: str) -> JSON:
    """Returns a time as the file has it, in São Paulo and without a zone, and as RFC 3339; raises ValueError."""
    return {"local": text, "at": datetime.fromisoformat(text).replace(tzinfo=ZONE).isoformat()}


def _record(text: bytes) -> JSON:
    try:
        # A number with a decimal point stays the text that it is: exact, should somebody write money that way.
        record = json.loads(text.decode("utf-8-sig"), parse_float=str)
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(record, dict):
        raise ValueError("it is not a JSON object")
    return record


def _lines(rows: Sequence[JSON]) -> list[Line]:
    """Makes one line of all rows with the same product and price: the file knows no quantities."""
    grouped: dict[tuple[str, int], list[JSON]] = {}
    for row in rows:
        key = (_matching(row, "product_id", SKU), _amount(row, "price"))
        grouped.setdefault(key, []).append(row)
    return [_line(sku, price_q, alike) for (sku, price_q), alike in grouped.items()]


def _line(sku: str, price_q: int, rows: Sequence[JSON]) -> Line:
    category = rows[0].get("category")
    sizes = {name: rows[0][name] for name in SIZES if rows[0].get(name) is not None}
    meta = {"category": category, **sizes, "rows": [_row(row) for row in rows]}
    name = f"{category or 'sem categoria'} {sku[:8]}"
    return Line(sku, name[:200], len(rows), price_q, _without_nulls(meta))


def _row(row: JSON) -> JSON:
    found = {
        "order_item_id": row.get("order_item_id"),
        "freight_q": _amount(row, "freight"),
        "seller": {
            "id": row.get("seller_id"),
            "zip_prefix": row.get("seller_zip_prefix"),
            "city": row.get("seller_city"),
            "state": row.get("seller_state"),
        },
        "shipping_limit": _time(row, "shipping_limit_at"),
    }
    return _without_nulls(found)


def _data(record: JSON) -> JSON:
    times = {name: time for name in TIMES if (time := _time(record, name))}
    found = {
        "source": {"system": "olist", "order_id": record["order_id"], "status": record["status"]},
        "customer": _customer(record.get("customer")),
        "payment": _payment(_objects(record, "payments")),
        "delivery": {
            "freight_q": sum(_amount(row, "freight") for row in record["items"]),
            "estimated_date": record.get("estimated_delivery_date"),
        },
        "custom": {"times": times},
    }
    return _without_nulls(found)


def _customer(given: object) -> JSON:
    """Returns the buyer; a person is the unique id, the other one is new with every order."""
    if not isinstance(given, dict):
        raise ValueError("customer is not an object")
    names = {"id": "customer_unique_id", "order_customer_id": "customer_id"}
    names |= {name: name for name in ("zip_prefix", "city", "state")}
    return _without_nulls({name: given.get(theirs) for name, theirs in names.items()})


def _payment(rows: Sequence[JSON]) -> JSON:
    names = ("sequential", "type", "installments")
    payments = [
        {**{name: row[name] for name in names if row.get(name) is not None}, "amount_q": _amount(row, "value")}
        for row in rows
    ]
    return {"paid_q": sum(payment["amount_q"] for payment in payments), "payments": payments}


def _objects(record: JSON, name: str) -> list[JSON]:
    value = record.get(name)
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError(f"{name} is not a list of objects")
    return value


def _text(record: JSON, name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is missing or no text")
    return value


def _matching(record: JSON, name: str, pattern: re.Pattern[str]) -> str:
    value = _text(record, name)
    if not pattern.fullmatch(value):
        raise ValueError(f"{name} `{value}` cannot be a key")
    return value


def _amount(record: JSON, name: str) -> int:
    try:
        return minor(record.get(name))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _time(record: JSON, name: str) -> JSON | None:
    value = record.get(name)
    if value is None:
        return None
    try:
        return local_time(_text(record, name))
    except ValueError as error:
        raise ValueError(f"{name} `{value}` is no time") from error


def _without_nulls(record: JSON) -> JSON:
    return {name: value for name, value in record.items() if value is not None}
