"""Which files of one record another lacks."""

import pytest

from erp_bridge.domain import attachment
from erp_bridge.domain.attachment import Attachment, Owner, Pair
from erp_bridge.domain.effect import NEXT, State, sources

PAIR = Pair(Owner("com-recebimento", 1), Owner("conta-pagar", 2))
A, B = Attachment(11, "a.pdf"), Attachment(12, "b.pdf")


def names(origin: list[Attachment], there: list[Attachment]) -> tuple[list[str], list[str]]:
    """What is copied under which name, and what is not."""
    plan = attachment.plan(PAIR, origin, there)
    return [move.name for move in plan.moves], [each.name for each in plan.duplicates]


def test_what_is_not_there_is_copied() -> None:
    assert names([A, B], [Attachment(21, "b.pdf")]) == (["a.pdf"], ["b.pdf"])


def test_our_own_code_counts_before_the_name() -> None:
    code = attachment.code_of(PAIR, A.id)
    assert names([A], [Attachment(21, "renamed.pdf", code=code)]) == ([], ["a.pdf"])


def test_a_file_without_a_name_is_left_out_and_a_name_that_comes_twice_goes_once() -> None:
    assert names([Attachment(1, ""), A, Attachment(13, "a.pdf")], []) == (["a.pdf"], ["a.pdf"])


def test_a_known_size_tells_two_files_of_one_name_apart() -> None:
    origin, there = Attachment(11, "a.pdf", size=5), Attachment(21, "a.pdf", size=6)
    [name], duplicates = names([origin], [there])
    assert (name.startswith("a-"), duplicates) == (True, [])
    assert names([origin], [Attachment(21, "a.pdf", size=5)]) == ([], ["a.pdf"])
    assert names([origin], [Attachment(21, "a.pdf")]) == ([], ["a.pdf"])


def test_two_names_that_become_one_go_under_two() -> None:
    (first, second), duplicates = names([Attachment(1, "a b.pdf"), Attachment(2, "a_b.pdf")], [])
    assert (first, second.startswith("a_b-"), duplicates) == ("a_b.pdf", True, [])


def test_a_file_that_was_copied_under_its_safe_name_is_known_by_it() -> None:
    assert names([Attachment(1, "a b.pdf")], [Attachment(21, "a_b.pdf")]) == ([], ["a b.pdf"])


def test_a_code_is_the_same_every_time_and_short_enough_for_omie() -> None:
    code = attachment.code_of(PAIR, 11)
    assert code == attachment.code_of(PAIR, 11) != attachment.code_of(PAIR, 12)
    assert len(code) == 20
    assert code.isalnum()


@pytest.mark.parametrize(
    ("given", "real"), [("conta_a_pagar", "conta-pagar"), ("", "com-recebimento"), ("cliente", "cliente")]
)
def test_tables_go_by_their_real_names(given: str, real: str) -> None:
    assert attachment.table(given, "com-recebimento") == real


def test_an_effect_in_doubt_never_just_waits_again_and_what_is_confirmed_is_only_sent_anew() -> None:
    assert State.PENDING not in NEXT[State.IN_DOUBT]
    assert NEXT[State.CONFIRMED] == {State.SENT}
    assert sources(State.CONFIRMED) == sorted(set(State) - {State.CONFIRMED})
