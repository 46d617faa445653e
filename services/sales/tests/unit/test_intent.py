"""What may be asked of a payment intent in which status, and what becomes of it (cases O-P2, O-P3, O-P4)."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import Conflict, DomainError
from sales.domain import intent as domain
from sales.domain.intent import AUTHORIZE, CANCEL, CAPTURE, FROM, REFUND, Intent, Operation

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
STATUSES = frozenset().union(*FROM.values()) | {domain.CANCELLED}
INTENT = Intent(
    UUID(int=1), "manual", "card", 5000, "BRL", "authorized", 0, 0, "", "", {}, "key:1", NOW, NOW,
)  # fmt: skip
CAPTURED = replace(INTENT, status=domain.CAPTURED, captured_q=5000)


def operation(kind: str, state: str = domain.SENT, amount_q: int = 5000) -> Operation:
    return Operation(UUID(int=2), INTENT.id, kind, state, amount_q, "", "", "", "", "", 0, NOW, None)


def outcome(intent: Intent, kind: str, amount_q: int = 0, *earlier: Operation) -> int | str:
    """How much is moved, or why nothing is."""
    try:
        return domain.amount_of(intent, kind, amount_q, earlier)
    except DomainError as error:
        return error.code


@pytest.mark.parametrize(("status", "kind"), list(product(sorted(STATUSES), sorted(FROM))))
def test_each_status_allows_what_the_table_says_and_nothing_else(status: str, kind: str) -> None:
    refusal = "not_captured" if kind == REFUND else "invalid_status"
    intent = replace(INTENT, status=status, captured_q=5000 if status in ("captured", "refunded") else 0)
    assert outcome(intent, kind) == (5000 if status in FROM[kind] else refusal)


def test_part_of_the_money_can_be_taken_and_never_more_than_was_promised() -> None:
    assert outcome(INTENT, CAPTURE, 3000) == 3000
    assert outcome(INTENT, CAPTURE, 5001) == "exceeds_authorized"
    taken = domain.done(INTENT, CAPTURE, 3000, NOW)
    assert (taken.status, taken.captured_q) == (domain.CAPTURED, 3000)
    assert outcome(taken, CAPTURE) == "invalid_status"


def test_while_a_provider_has_not_answered_only_refunds_go_on_beside_refunds() -> None:
    for kind, other in product((AUTHORIZE, CAPTURE, CANCEL), (AUTHORIZE, CAPTURE, CANCEL)):
        with pytest.raises(Conflict, match="in_progress"):
            domain.amount_of(replace(INTENT, status=domain.PENDING), kind, 0, [operation(other)])
    assert outcome(CAPTURED, REFUND, 2000, operation(REFUND, amount_q=3000)) == 2000
    assert outcome(CAPTURED, REFUND, 2001, operation(REFUND, amount_q=3000)) == "exceeds_captured"
    assert outcome(CAPTURED, REFUND, 5000, operation(REFUND, domain.DECLINED)) == 5000


@given(st.integers(1, 5000), st.lists(st.integers(0, 3000), max_size=8))
def test_refunds_never_give_back_more_than_was_taken(captured_q: int, wanted: list[int]) -> None:
    intent = domain.done(INTENT, CAPTURE, captured_q, NOW)
    for amount_q in wanted:
        left_q = intent.captured_q - intent.refunded_q
        moved = outcome(intent, REFUND, amount_q)
        assert moved == ("exceeds_captured" if not left_q or amount_q > left_q else amount_q or left_q)
        if isinstance(moved, int):
            intent = domain.done(intent, REFUND, moved, NOW)
    assert 0 <= intent.refunded_q <= intent.captured_q
    assert (intent.status == domain.REFUNDED) == (intent.refunded_q == captured_q)
