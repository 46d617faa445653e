"""What an order is found by: words of its refs, its customer, and its lines, by their beginnings."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from orders.domain.order import Order

MOST, LONGEST = 500, 100
"""How many words of an order are kept, and how many characters of each."""
ASKED = 5
ABOUT_CUSTOMER = ("name", "email", "phone")
SIGNS = re.compile(r"[\W_]+")


def words_of(business: UUID, order: Order) -> list[str]:
    """Returns the words that an order is found by: of its ref, external ref, SKUs, and the customer's name, e-mail and phone.

    `IF-0042` is a word whole, and so are its parts. All begin with a mark of the business: what others have does not matter.
    """
    texts = (order.ref, order.external_ref, *_customer(order.data), *(line.sku for line in order.lines))
    mark = _mark(business)
    return [mark + word for word in sorted({word for text in texts for word in _words(text)})[:MOST]]


def query(business: UUID, asked: str) -> str:
    """Returns a tsquery: an order must have, for each of the first few words asked for, a word that begins with it."""
    quoted = (word.replace("\\", "\\\\").replace("'", "''") for word in _plain(asked).split()[:ASKED])
    return " & ".join(f"'{_mark(business)}{word[:LONGEST]}':*" for word in quoted)


def _mark(business: UUID) -> str:
    return f"{business.hex[-12:]}/"


def _words(text: str) -> Iterator[str]:
    for word in _plain(text).split():
        yield word[:LONGEST]
        parts = [part for part in SIGNS.split(word) if part]
        if parts != [word]:
            yield from (part[:LONGEST] for part in parts)


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
