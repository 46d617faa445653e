"""Every refusal has words in both languages."""

import re
from pathlib import Path

import inventory
from inventory.texts import TEXTS
from kit.texts import KIT

RAISED = re.compile(r"(?:Invalid|Refused|Duplicate|NotFound|Conflict)\(\s*\"(\w+)\"")


def raised() -> set[str]:
    """The codes that the service's code raises."""
    sources = Path(str(inventory.__file__)).parent.rglob("*.py")
    return {code for source in sources for code in RAISED.findall(source.read_text())}


def test_every_code_that_is_raised_has_a_text() -> None:
    assert raised() - TEXTS.keys() - KIT.keys() == {"unknown_hold"}  # only directives say this, to other services


def test_every_text_belongs_to_a_code_and_names_the_same_context_in_both_languages() -> None:
    assert TEXTS.keys() <= raised()
    for code, text in TEXTS.items():
        assert set(re.findall(r"{(\w+)}", text.en)) == set(re.findall(r"{(\w+)}", text.pt)), code
