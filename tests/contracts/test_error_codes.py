"""docs/errors.md lists codes that exist, with the words and statuses that they have."""

import re

import pytest

from .errors_page import CATALOGUES, PAGE, document, statuses

ROW = re.compile(r"^\| ([\d –]+) \| `([\w.]+)` \| (.*) \|$", re.MULTILINE)


def rows(page: str, title: str) -> dict[str, tuple[str, str]]:
    """Status and words by code."""
    section = page.partition(f"### {title}\n")[2].partition("\n### ")[0]
    return {code: (status, words) for status, code, words in ROW.findall(section)}


@pytest.mark.parametrize("title", CATALOGUES)
def test_what_the_page_says_of_a_code_is_so(title: str) -> None:
    written, true = rows(PAGE.read_text(), title), rows(document(), title)
    assert written
    assert {code: row for code, row in written.items() if true.get(code) != row} == {}, "run make errors"


def test_the_page_has_every_code_that_may_come_from_everywhere() -> None:
    assert rows(PAGE.read_text(), "Everywhere").keys() == CATALOGUES["Everywhere"].keys(), "run make errors"


def test_a_status_is_that_of_the_kind_with_which_a_code_is_raised() -> None:
    found = statuses()
    assert (found["stale_revision"], found["not_found"], found["body_too_large"]) == ({"409"}, {"404"}, {"413"})
