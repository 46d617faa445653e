"""What an order is found by: words of its refs, its customer, and its lines, by their beginnings."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from orders.domain.order import Order

MOST, LONGEST = 500, 100
"""How many words of an order are kept, and how many characters of each."""
ASKED = 5
ABOUT_CUSTOMER = ("name", "email", "phone")
NARROW = 2
"""How many words the index is asked for; the others are looked for in the orders that it finds."""
PART = re.compile(r"[^\W_]+")
LETTERS = re.compile(r"[^\W\d_]+")
PLAIN, SIGNED = "/", "~"
"""Words with signs in them stand apart: each e-mail is another one, and whoever asks for a name should not go through them all."""


def words_of(business: UUID, order: Order) -> list[str]:
    """Returns the words that an order is found by: of its ref, external ref, SKUs, and the customer's name, e-mail and phone.

    `IF-2026-0042` is a word from its beginning and from each of its parts on (`2026-0042`, `0042`), and so are the parts, but of
    `silva77` in `silva77@example.com` only the letters. All begin with a mark of the business: what others have does not matter.
    """
    texts = (order.ref, order.external_ref, *_customer(order.data), *(line.sku for line in order.lines))
    words = sorted({word for text in texts for word in _words(text)})[:MOST]
    return [f"{_mark(business, PLAIN if PART.fullmatch(word) else SIGNED)}{word}" for word in words]


def query(business: UUID, asked: str) -> str:
    """Returns a tsquery: an order must have, for each of the first few words asked for, a word that begins with it."""
    return _query(business, _asked(asked))


def narrow(business: UUID, asked: str) -> str:
    """Returns a tsquery of the longest of the words, and of several as long the last ones: as a rule, the fewest orders have them.

    The index goes through all that have a word, so it is spared the `da` of `Maria da Silva`.
    """
    words = _asked(asked)
    longest = sorted(words, key=len)[-NARROW:]
    return _query(business, [word for word in words if word in longest])


def may_be_name(asked: str) -> bool:
    """Tells whether it is letters alone that are asked for, as in names, which many share."""
    return all(word.isalpha() for word in asked.split())


def _asked(text: str) -> list[str]:
    return list(dict.fromkeys(word[:LONGEST] for word in _plain(text).split()))[:ASKED]


def _query(business: UUID, words: Sequence[str]) -> str:
    return " & ".join(_wanted(business, word) for word in words)


def _wanted(business: UUID, word: str) -> str:
    # What has signs, or digits after letters, may stand among the plain words, too: there it was kept at first.
    kinds = (PLAIN,) if PART.fullmatch(word) and _part(word, last=False) == word else (SIGNED, PLAIN)
    quoted = word.replace("\\", "\\\\").replace("'", "''")
    return "(" + " | ".join(f"'{_mark(business, kind)}{quoted}':*" for kind in kinds) + ")"


def _mark(business: UUID, kind: str) -> str:
    return business.hex[-12:] + kind


def _words(text: str) -> Iterator[str]:
    for word in _plain(text).split():
        yield word[:LONGEST]
        for part in PART.finditer(word):
            yield _part(part[0], last=part.end() == len(word))[:LONGEST]
            yield word[part.start() :][:LONGEST]


def _part(part: str, *, last: bool) -> str:
    """Returns what of a part stands among the plain words: of `silva77` the letters, if it is not the last.

    With its digits it is like no other, and whoever asks for `silva` would go through all of them. Where something follows, the
    word from this part on is kept with them.
    """
    letters = LETTERS.match(part)
    return part if last or not letters else letters[0]


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
