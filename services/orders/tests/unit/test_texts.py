"""Every refusal can be told in both languages."""

import re
import string
from pathlib import Path

import orders
from kit.texts import KIT
from orders.texts import TEXTS

RAISED = re.compile(
    r'(?:Invalid|NotFound|Duplicate|Refused|Conflict|Forbidden|Unauthenticated|Unavailable)\(\s*"(\w+)"'
)
CHOSEN = {"price_not_found", "product_inactive"}
"""Codes that stand in an expression and not right behind the kind of error."""


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_code_that_is_raised_has_a_text_and_every_text_is_of_a_code() -> None:
    sources = [path.read_text() for path in Path(str(orders.__file__)).parent.rglob("*.py")]
    assert all(any(f'"{code}"' in source for source in sources) for code in CHOSEN)
    raised = {code for source in sources for code in RAISED.findall(source)} | CHOSEN
    assert raised - set(KIT) == set(TEXTS)


def test_both_languages_say_the_same_values() -> None:
    assert not [code for code, text in TEXTS.items() if fields(text.en) != fields(text.pt)]
