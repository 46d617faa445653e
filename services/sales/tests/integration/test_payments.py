"""What is due is paid, once, and never more; accounts are paid from their oldest debt on."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from comanda.sales.v1 import businesses_pb2, customers_pb2, sales_pb2
from comanda.sales.v1.sales_pb2 import PaymentType, SaleStatus
from comanda.types.v1.options_pb2 import Role
from kit.errors import Refused

from .counter import code

pytestmark = pytest.mark.xdist_group("counter")

PENDING, PARTIAL, COMPLETED = (
    SaleStatus.SALE_STATUS_PENDING, SaleStatus.SALE_STATUS_PARTIAL, SaleStatus.SALE_STATUS_COMPLETED,
)  # fmt: skip


async def pay(shop: Any, sale: Any, amount_q: int, **fields: Any) -> Any:
    request = sales_pb2.RecordPaymentRequest(id=sale.id, method="PAYMENT_METHOD_CARD", amount_q=amount_q, **fields)
    return (await shop.call(shop.sales.RecordPayment, request)).payment


async def pay_account(shop: Any, customer: Any, amount_q: int, **fields: Any) -> Any:
    request = customers_pb2.PayAccountRequest(id=customer.id, amount_q=amount_q, **fields)
    return (await shop.call(shop.customers.PayAccount, request)).payment


async def adjust(shop: Any, customer: Any, amount_q: int) -> None:
    request = customers_pb2.AdjustCreditRequest(id=customer.id, amount_q=amount_q, reason="opening balance")
    await shop.call(shop.customers.AdjustCredit, request)


async def owed(shop: Any, customer: Any, quantity: str = "1") -> Any:
    sale = await shop.draft(customer_id=customer.id)
    await shop.add(sale, quantity=quantity)
    return await shop.on_credit(sale)


async def test_a_credit_sale_is_paid_in_parts_and_its_account_follows(shop: Any) -> None:
    customer = await shop.customer()
    sale = await owed(shop, customer, "2")
    made = await pay(shop, sale, 500, reference="slip 7")
    assert (made.amount_q, made.sale_id, made.reference) == (500, sale.id, "slip 7")
    found = await shop.sale(sale)
    assert (found.status, found.amount_paid_q, found.amount_due_q) == (PARTIAL, 500, 1500)
    assert await shop.account(customer) == (1500, 98_500)
    with pytest.raises(Refused, match="payment_exceeds_due") as refused:
        await pay(shop, sale, 1501)
    assert refused.value.context == {"due_q": 1500, "amount_q": 1501}
    await pay(shop, sale, 1500)
    assert (await shop.sale(sale)).status == COMPLETED
    assert await shop.account(customer) == (0, 100_000)
    assert await code(pay(shop, sale, 1)) == "sale_already_paid"
    request = sales_pb2.ListPaymentsRequest(id=sale.id)
    listed = (await shop.call(shop.sales.ListPayments, request)).items
    assert [each.amount_q for each in listed] == [500, 1500]


async def test_a_draft_takes_no_payment(shop: Any) -> None:
    sale = await shop.draft()
    await shop.add(sale)
    assert await code(pay(shop, sale, 1)) == "sale_not_payable"


async def test_what_is_not_on_credit_touches_no_account(shop: Any) -> None:
    customer = await shop.customer()
    sale = await shop.draft(customer_id=customer.id)
    await shop.add(sale)
    await shop.complete(sale, ("cash", 500))
    assert await shop.account(customer) == (0, 100_000)
    await pay(shop, sale, 1500)
    assert await shop.account(customer) == (0, 100_000)


async def test_a_sale_paid_later_in_another_way_is_mixed(shop: Any) -> None:
    for first, kind in (("cash", PaymentType.PAYMENT_TYPE_MIXED), ("card", PaymentType.PAYMENT_TYPE_CARD)):
        sale = await shop.draft()
        await shop.add(sale)
        await shop.complete(sale, (first, 500))
        await pay(shop, sale, 1500)
        assert (await shop.sale(sale)).payment_type == kind


async def test_payments_at_once_never_pay_more_than_is_due(shop: Any) -> None:
    customer = await shop.customer()
    sale = await owed(shop, customer, "3")
    codes = await asyncio.gather(*(code(pay(shop, sale, 1000)) for _ in range(6)))
    assert sorted(codes) == [""] * 3 + ["sale_already_paid"] * 3
    assert await shop.account(customer) == (0, 100_000)
    again = await owed(shop, customer)
    await asyncio.gather(*(pay(shop, again, 400, request_id="once") for _ in range(3)))
    assert (await shop.sale(again)).amount_due_q == 600


async def test_an_account_payment_goes_to_the_oldest_debt_first(shop: Any) -> None:
    customer = await shop.customer()
    await adjust(shop, customer, 300)
    first, second, third = [await owed(shop, customer) for _ in range(3)]
    made = await pay_account(shop, customer, 1500, method="PAYMENT_METHOD_PIX")
    assert [(each.sale_id, each.amount_q) for each in made.allotments] == [(first.id, 1000), (second.id, 500)]
    assert [(await shop.sale(sale)).status for sale in (first, second, third)] == [COMPLETED, PARTIAL, PENDING]
    assert (made.outstanding_balance_q, await shop.account(customer)) == (1800, (1800, 98_200))
    assert await code(pay_account(shop, customer, 1801)) == "payment_exceeds_balance"
    last = await pay_account(shop, customer, 1800)
    assert [(each.sale_id, each.amount_q) for each in last.allotments] == [
        (second.id, 500),
        (third.id, 1000),
        ("", 300),
    ]
    assert await shop.account(customer) == (0, 100_000)


async def test_payments_of_account_and_sale_at_once_agree(shop: Any) -> None:
    customer = await shop.customer()
    sales = [await owed(shop, customer) for _ in range(4)]
    calls = [*(pay_account(shop, customer, 700) for _ in range(3)), *(pay(shop, sale, 400) for sale in sales)]
    await asyncio.gather(*(code(call) for call in calls))
    due_q = sum([(await shop.sale(sale)).amount_due_q for sale in sales])
    assert await shop.account(customer) == (due_q, 100_000 - due_q)
    [row] = await shop.rows("select sum(amount_q)::bigint as paid from payments where customer_id = $1", customer.id)
    assert 4000 - row["paid"] == due_q


async def test_the_statement_and_the_aging_add_up_to_the_balance(shop: Any) -> None:
    current, late = await shop.customer(name="Ana"), await shop.customer(name="Bia", credit_terms_days=0)
    await adjust(shop, current, 300)
    await owed(shop, current)
    await owed(shop, late)
    answer = await shop.call(shop.customers.ListAging, customers_pb2.ListAgingRequest())
    assert [(row.name, row.current_q, row.days_30_q, row.total_q) for row in answer.items] == [
        ("Bia", 0, 1000, 1000), ("Ana", 1300, 0, 1300),
    ]  # fmt: skip
    await shop.rows("update sales set completed_at = now() - interval '65 days' where customer_id = $1", late.id)
    [bia, _] = (await shop.call(shop.customers.ListAging, customers_pb2.ListAgingRequest())).items
    assert (bia.days_30_q, bia.days_60_q, bia.days_90_q, bia.older_q) == (0, 0, 1000, 0)
    today = datetime.now(UTC).date()
    wide = {"from": (today - timedelta(days=1)).isoformat(), "to": (today + timedelta(days=1)).isoformat()}
    found = await shop.call(shop.customers.GetStatement, customers_pb2.GetStatementRequest(id=current.id, **wide))
    assert (found.opening_balance_q, found.closing_balance_q) == (0, 1300)
    assert [entry.amount_q for entry in found.entries] == [300, 1000]
    after = {"from": (today + timedelta(days=2)).isoformat()}
    found = await shop.call(shop.customers.GetStatement, customers_pb2.GetStatementRequest(id=current.id, **after))
    assert (found.opening_balance_q, found.closing_balance_q, len(found.entries)) == (1300, 1300, 0)


async def test_the_owner_sets_how_much_his_people_give_away(shop: Any) -> None:
    request = businesses_pb2.UpdateBusinessRequest(staff_discount_limit="50")
    changed = (await shop.call(shop.businesses.UpdateBusiness, request)).business
    assert (changed.staff_discount_limit, changed.manager_discount_limit) == ("50", "25")
    sale = await shop.draft()
    await shop.add(sale, role=Role.ROLE_STAFF, discount_percentage="50")
    assert await code(shop.add(sale, role=Role.ROLE_MANAGER, discount_percentage="51")) == "role_limit_exceeded"
