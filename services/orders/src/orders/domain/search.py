"""What an order is found by: words of its refs, its customer, and its lines."""

import unicodedata
from collections.abc import Mapping
from typing import Any

from orders.domain.order import Order

LONGEST = 8000
WORDS = 5
ABOUT_CUSTOMER = ("name", "email", "phone")


def text_of(order: Order) -> str:
    """Returns what a search looks into: ref, external ref, the customer's name, e-mail and phone, and every SKU."""
    parts = (order.ref, order.external_ref, *_customer(order.data), *sorted({line.sku for line in order.lines}))
    return "\n".join(_plain(part) for part in parts if part)[:LONGEST]


def patterns(asked: str) -> list[str]:
    """Returns a LIKE pattern for each word asked for, the first few of them: an order must match them all."""
    escaped = _plain(asked).replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return [f"%{word}%" for word in escaped.split()[:WORDS]]


def _customer(data: Mapping[str, Any]) -> list[str]:
    customer = data.get("customer")
    if not isinstance(customer, Mapping):
        return []
    return [value for name in ABOUT_CUSTOMER if isinstance(value := customer.get(name), str)]


def _plain(text: str) -> str:
    """Returns text without case and accents: `José` is found by `jose`."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each))
