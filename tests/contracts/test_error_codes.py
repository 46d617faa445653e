"""docs/errors.md lists codes that exist, with the words that they have."""

import re
from pathlib import Path

import pytest

import erp_bridge.texts
import gateway.texts
import inventory.texts
import kit.texts
import orders.texts
import sales.texts

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "errors.md"
CATALOGUES = {
    "Everywhere": {**kit.texts.KIT, **gateway.texts.TEXTS},
    "Orders": orders.texts.TEXTS,
    "Inventory": inventory.texts.TEXTS,
    "Sales": sales.texts.TEXTS,
    "ERP": erp_bridge.texts.TEXTS,
}
WITHOUT_ONE_TEXT = {"wrong_type"}
"""Has a text for each kind of value."""


def listed(title: str) -> dict[str, str]:
    section = DOCUMENT.read_text().partition(f"### {title}\n")[2].partition("\n### ")[0]
    return dict(re.findall(r"^\| [\d/]+ \| `(\w+)` \| (.*) \|$", section, re.MULTILINE))


@pytest.mark.parametrize("title", CATALOGUES)
def test_the_document_lists_no_code_that_does_not_exist(title: str) -> None:
    assert listed(title).keys() - WITHOUT_ONE_TEXT <= CATALOGUES[title].keys()


def test_the_document_has_every_code_that_may_come_from_everywhere_in_its_words() -> None:
    found = {code: words for code, words in listed("Everywhere").items() if code not in WITHOUT_ONE_TEXT}
    assert found == {code: text.en for code, text in CATALOGUES["Everywhere"].items()}
