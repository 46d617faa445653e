"""Every refusal can be told in both languages."""

import re
import string
from pathlib import Path

import sales
from kit.texts import KIT
from sales.texts import TEXTS

RAISED = re.compile(r'(?:Invalid|NotFound|Duplicate|Refused|Conflict|Forbidden|Unauthenticated)\(\s*"(\w+)"')


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_code_that_is_raised_has_a_text() -> None:
    sources = (path.read_text() for path in Path(str(sales.__file__)).parent.rglob("*.py"))
    raised = {code for source in sources for code in RAISED.findall(source)}
    assert raised - set(KIT) == set(TEXTS)


def test_both_languages_say_the_same_values() -> None:
    assert not [code for code, text in TEXTS.items() if fields(text.en) != fields(text.pt)]
