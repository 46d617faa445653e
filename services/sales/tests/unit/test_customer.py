"""Who may buy on credit, and how an account moves."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.texts import render
from sales.domain import credit
from sales.domain.customer import Customer, objection
from sales.domain.money import printed
from sales.texts import TEXTS

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CUSTOMER = Customer(
    UUID(int=1), "Ana", "", "", "", "retail", 100_000, 80_000, 0, 30, False, "", True, "key:1", NOW, NOW
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "amount_q", "overdue_q", "force", "message"),
    [
        ({}, 30_000, 0, False, "Insufficient credit. Available: 200.00"),
        ({}, 20_000, 0, False, None),
        ({"held_q": 5_000}, 20_000, 0, False, "Insufficient credit. Available: 150.00"),
        ({}, 15_000, 0, False, None),
        ({}, 0, 0, False, None),
        ({"credit_blocked": True}, 1, 0, False, "Customer credit is blocked"),
        ({"credit_blocked": True, "is_active": False}, 1, 0, False, "Customer credit is blocked"),
        ({"credit_blocked": True, "is_active": False}, 1, 0, True, "Customer account is inactive"),
        ({"is_active": False}, 10**9, 5, False, "Customer account is inactive"),
        ({}, 30_000, 5, False, "Insufficient credit. Available: 200.00"),
        ({}, 15_000, 1_234, False, "Customer has overdue balance: 12.34"),
        ({"credit_blocked": True}, 10**9, 5, True, None),
        ({"balance_q": 200_000}, 1, 0, False, "Insufficient credit. Available: 0.00"),
    ],
)
def test_credit_is_refused_in_the_documented_order_with_the_documented_words(
    changes: dict[str, object], amount_q: int, overdue_q: int, force: bool, message: str | None
) -> None:
    customer = replace(CUSTOMER, **changes)
    refusal = objection(customer, amount_q, overdue_q, "BRL", force=force)
    assert (render(refusal, TEXTS, "en") if refusal else None) == message


@given(st.lists(st.integers(-(10**6), 10**6)))
def test_the_balance_is_the_sum_of_its_entries_and_never_negative(amounts: list[int]) -> None:
    customer, entries = replace(CUSTOMER, balance_q=0), []
    for amount_q in amounts:
        customer, entry = credit.enter(customer, credit.ADJUSTMENT, amount_q)
        entries.append(entry)
        assert (entry.balance_before_q + entry.amount_q, customer.balance_q) == (entry.balance_after_q,) * 2
    assert customer.balance_q == sum(entry.amount_q for entry in entries) >= 0


@pytest.mark.parametrize(
    ("amount_q", "currency", "text"),
    [
        (20_000, "BRL", "200.00"),
        (5, "BRL", "0.05"),
        (-105, "BRL", "-1.05"),
        (20_000, "JPY", "20000"),
        (1_234, "KWD", "1.234"),
    ],
)
def test_amounts_are_printed_as_their_currency_writes_them(amount_q: int, currency: str, text: str) -> None:
    assert printed(amount_q, currency) == text
