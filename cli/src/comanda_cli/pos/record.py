"""One line of a till's file, and what makes one bad."""

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import NamedTuple

NEEDED = ("receipt", "time", "sku", "quantity", "unit_price")
KNOWN = (*NEEDED, "discount", "name", "refund_of")
LONGEST = {"receipt": 100, "sku": 64, "name": 200, "refund_of": 100}
"""In characters, as Comanda takes them."""
LARGEST = 10**9
CENT, THOUSANDTH = Decimal("0.01"), Decimal("0.001")


class Line(NamedTuple):
    """Units that were sold or, when the quantity is negative, brought back. Amounts are minor units and never negative."""

    number: int
    receipt: str
    time: datetime
    sku: str
    name: str
    quantity: Decimal
    unit_price_q: int
    discount_q: int
    refund_of: str

    @property
    def amount_q(self) -> int:
        """What the line comes to, whichever way the money goes: quantity times price, HALF_UP, less the discount."""
        return half_up(abs(self.quantity) * self.unit_price_q) - self.discount_q


def half_up(value: Decimal) -> int:
    """Returns minor units."""
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))


def parse(number: int, row: Mapping[str, str]) -> Line:
    """Reads a row by its column names; raises ValueError with what is wrong."""
    for name in NEEDED:
        if not row[name]:
            raise ValueError(f"{name} is missing")
    for name, longest in LONGEST.items():
        if len(text := row.get(name, "")) > longest:
            raise ValueError(f"{name} is longer than {longest} characters")
        if any(ord(each) < ord(" ") for each in text):
            raise ValueError(f"{name} holds a control character")
    quantity = _number("quantity", row["quantity"], THOUSANDTH)
    if not quantity:
        raise ValueError("quantity is zero")
    line = Line(
        number=number,
        receipt=row["receipt"],
        time=_time(row["time"]),
        sku=row["sku"],
        name=row.get("name", "") or row["sku"],
        quantity=quantity,
        unit_price_q=_amount("unit_price", row["unit_price"]),
        discount_q=_amount("discount", row.get("discount", "") or "0"),
        refund_of=row.get("refund_of", ""),
    )
    if line.amount_q < 0:
        raise ValueError("discount is more than quantity times unit_price")
    return line


def _amount(name: str, text: str) -> int:
    value = _number(name, text, CENT)
    if value < 0:
        raise ValueError(f"{name} {text} is negative")
    return int(value * 100)


def _number(name: str, text: str, finest: Decimal) -> Decimal:
    plain = text.replace(".", "").replace(",", ".") if "," in text else text
    try:
        value = Decimal(plain)
        exact = value.quantize(finest)
    except InvalidOperation:
        raise ValueError(f"{name} {text!r} is no number") from None
    if value != exact:
        raise ValueError(f"{name} {text} has more decimals than {-int(finest.as_tuple().exponent)}")
    if abs(value) > LARGEST:
        raise ValueError(f"{name} {text} is too large")
    return exact


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"time {text!r} is not like 2026-11-20T14:30:00") from None
