"""Completing a sale: stock, credit, and payments together or not at all, whoever is killed meanwhile."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from comanda.inventory.v1 import counter_pb2, counter_pb2_grpc, stock_pb2
from comanda.sales.v1 import customers_pb2
from comanda.sales.v1.sales_pb2 import SaleStatus
from comanda.types.v1.options_pb2 import Role
from kit import client
from kit.errors import Refused, Unavailable
from kit.testing import eventually

from .counter import code

pytestmark = pytest.mark.xdist_group("counter")

COMPLETED, DRAFT, PENDING = (
    SaleStatus.SALE_STATUS_COMPLETED,
    SaleStatus.SALE_STATUS_DRAFT,
    SaleStatus.SALE_STATUS_PENDING,
)
ATTEMPT = "select * from completions where business_id = $1 order by id desc limit 1"
HELD = "select coalesce(sum(held_q), 0) as held_q from customers where business_id = $1"
PAYMENTS = "select count(*) as n from payments where business_id = $1"


async def credit_draft(shop: Any, customer: Any, storefront: str = "centro", quantity: str = "1") -> Any:
    sale = await shop.draft(storefront, customer_id=customer.id)
    await shop.add(sale, quantity=quantity)
    return sale


async def entries(shop: Any, customer: Any) -> list[int]:
    request = customers_pb2.ListCreditEntriesRequest(id=customer.id, page_size=100)
    return [each.amount_q for each in (await shop.call(shop.customers.ListCreditEntries, request)).items]


async def test_a_credit_sale_charges_the_account_with_what_is_due(shop: Any) -> None:
    customer = await shop.customer()
    sale = await credit_draft(shop, customer, quantity="3")
    done = await shop.on_credit(sale)
    assert (done.status, done.amount_due_q, done.is_credit_sale) == (PENDING, 3000, True)
    assert await shop.account(customer) == (3000, 97_000)
    assert await entries(shop, customer) == [3000]
    other = await credit_draft(shop, customer)
    done = await shop.complete(other, ("cash", 400), payment_type="PAYMENT_TYPE_CREDIT")
    assert (SaleStatus.Name(done.status), done.amount_due_q) == ("SALE_STATUS_PARTIAL", 600)
    assert await shop.account(customer) == (3600, 96_400)


async def test_ten_sales_at_once_on_ten_storefronts_stay_within_the_limit(shop: Any) -> None:
    customer = await shop.customer(credit_limit_q=5500)
    storefronts = [f"loja-{number}" for number in range(10)]
    for storefront in storefronts:
        await shop.open_storefront(storefront)
    drafts = []
    for storefront in storefronts:
        sale = await shop.draft(storefront, customer_id=customer.id)
        await stock_at(shop, storefront)
        await shop.add(sale, quantity="1")
        drafts.append(sale)
    codes = await asyncio.gather(*(code(shop.on_credit(sale)) for sale in drafts))
    assert sorted(codes) == [""] * 5 + ["credit_limit_exceeded"] * 5
    assert await shop.account(customer) == (5000, 500)
    assert sum(await entries(shop, customer)) == 5000
    [row] = await shop.rows(HELD, shop.id)
    assert row["held_q"] == 0
    statuses = sorted([(await shop.sale(sale)).status for sale in drafts])
    assert statuses == [DRAFT] * 5 + [PENDING] * 5


async def stock_at(shop: Any, storefront: str) -> None:
    line = stock_pb2.ReceiveLine(sku="CAFE", qty="1")
    await shop.call(shop.shelves.ReceiveStock, stock_pb2.ReceiveStockRequest(location=storefront, lines=[line]))


async def test_an_override_takes_a_manager_and_a_reason_and_serves_once(shop: Any) -> None:
    customer = await shop.customer(credit_limit_q=0)
    sale, other = await credit_draft(shop, customer), await credit_draft(shop, customer)
    assert await code(shop.on_credit(sale)) == "credit_limit_exceeded"
    override = {"manager_override": True, "override_reason": "an old customer"}
    assert await code(shop.on_credit(sale, role=Role.ROLE_STAFF, **override)) == "override_not_allowed"
    assert await code(shop.on_credit(sale, manager_override=True, override_reason=" ")) == "override_reason_required"
    done = await shop.on_credit(sale, role=Role.ROLE_MANAGER, **override)
    assert (done.manager_override, done.override_reason, done.override_by) == (True, "an old customer", "key:test")
    assert await code(shop.on_credit(other)) == "credit_limit_exceeded"
    update = customers_pb2.UpdateCustomerRequest(id=customer.id, is_active=False)
    await shop.call(shop.customers.UpdateCustomer, update)
    assert await code(shop.on_credit(other, **override)) == "customer_inactive"


async def test_a_debt_beyond_its_terms_stops_the_next_sale(shop: Any) -> None:
    customer = await shop.customer(credit_terms_days=0)
    sale, other = await credit_draft(shop, customer), await credit_draft(shop, customer)
    await shop.on_credit(sale)
    with pytest.raises(Refused, match="customer_overdue") as refused:
        await shop.on_credit(other)
    assert refused.value.message == "Customer has overdue balance: 10.00"
    request = customers_pb2.GetCreditStatusRequest(id=customer.id)
    assert (await shop.call(shop.customers.GetCreditStatus, request)).overdue_balance_q == 1000


async def test_twins_get_one_answer_and_make_one_sale(shop: Any) -> None:
    sale = await shop.draft()
    await shop.add(sale)
    answers = await asyncio.gather(*(shop.complete(sale, ("cash", 2000), request_id="once") for _ in range(5)))
    assert len({answer.SerializeToString() for answer in answers}) == 1
    assert await shop.level("CAFE") == ("48.000", "0.000")
    [row] = await shop.rows(PAYMENTS, shop.id)
    assert row["n"] == 1
    assert await code(shop.complete(sale, ("card", 2000), request_id="once")) == "idempotency_key_reuse"


async def test_a_refused_call_uses_up_no_key(shop: Any) -> None:
    sale, other = await shop.draft(), await shop.draft()
    await shop.add(sale, quantity="30")
    await shop.empty_shelf(sale)
    assert await code(shop.complete(sale, ("cash", 30_000), request_id="once")) == "insufficient_stock"
    assert (await shop.sale(sale)).status == DRAFT
    await shop.stock_more()
    assert (await shop.complete(sale, ("cash", 30_000), request_id="once")).status == COMPLETED
    assert other.status == DRAFT


@pytest.fixture
async def killed(shop: Any) -> AsyncIterator[tuple[Any, Any, Any, UUID]]:
    """A credit sale whose completion had begun when the inventory was away and sales was killed; the inventory is back."""
    customer = await shop.customer()
    sale = await credit_draft(shop, customer, quantity="4")
    shop.counter.kill("inventory")
    with pytest.raises(Unavailable):
        await shop.complete(sale, ("cash", 1000), payment_type="PAYMENT_TYPE_CREDIT", request_id="once")
    [attempt] = await shop.rows(ATTEMPT, shop.id)
    assert attempt["state"] == "running"
    shop.counter.kill("sales")
    await asyncio.to_thread(shop.counter.start, "inventory")
    yield shop, customer, sale, attempt["id"]
    if "sales" not in shop.counter.processes:
        await asyncio.to_thread(shop.counter.start, "sales")


async def settled(shop: Any) -> str:
    """How the shop's last attempt ended."""

    async def over() -> str:
        [attempt] = await shop.rows(ATTEMPT, shop.id)
        return str(attempt["state"]) if attempt["state"] in ("done", "refused") else ""

    return str(await eventually(over))


async def test_a_sale_whose_service_was_killed_finishes_by_itself_and_its_caller_gets_the_answer(killed: Any) -> None:
    shop, customer, sale, _ = killed
    await asyncio.to_thread(shop.counter.start, "sales")
    assert await settled(shop) == "done"
    answer = await shop.complete(sale, ("cash", 1000), payment_type="PAYMENT_TYPE_CREDIT", request_id="once")
    assert (SaleStatus.Name(answer.status), answer.amount_due_q, len(answer.payments)) == (
        "SALE_STATUS_PARTIAL",
        3000,
        1,
    )
    assert await shop.account(customer) == (3000, 97_000)
    assert await shop.level("CAFE") == ("46.000", "0.000")
    assert (await shop.sale(sale)).SerializeToString() == answer.SerializeToString()


async def test_a_cash_sale_of_nobody_that_was_killed_finishes_by_itself_beside_another_driver(killed: Any) -> None:
    shop, *_ = killed
    await asyncio.to_thread(shop.counter.start, "sales")
    sale = await shop.draft(items=[{"sku": "CAFE", "quantity": "2"}])
    shop.counter.kill("inventory")
    try:
        codes = await asyncio.gather(*(code(shop.complete(sale, ("cash", 2000), request_id="cash")) for _ in range(2)))
        assert codes == ["unavailable"] * 2
    finally:
        await asyncio.to_thread(shop.counter.start, "inventory")
    answers = await asyncio.gather(*(shop.complete(sale, ("cash", 2000), request_id="cash") for _ in range(3)))
    assert len({each.SerializeToString() for each in answers}) == 1
    assert (answers[0].status, len(answers[0].payments)) == (COMPLETED, 1)
    assert await code(shop.complete(sale, ("cash", 2000))) == "sale_not_draft"
    [row] = await shop.rows("select count(*) as n from payments where sale_id = $1::text::uuid", sale.id)
    assert row["n"] == 1


async def test_a_sale_that_was_killed_after_its_units_had_left_takes_them_once(killed: Any) -> None:
    shop, customer, sale, attempt = killed
    await sell(shop, sale, attempt)
    assert await shop.level("CAFE") == ("46.000", "0.000")
    await asyncio.to_thread(shop.counter.start, "sales")
    assert await settled(shop) == "done"
    assert await shop.level("CAFE") == ("46.000", "0.000")
    assert await shop.account(customer) == (3000, 97_000)


async def test_a_sale_that_can_no_longer_be_is_undone_by_itself(killed: Any) -> None:
    shop, customer, sale, _ = killed
    await shop.empty_shelf(sale)
    await asyncio.to_thread(shop.counter.start, "sales")
    assert await settled(shop) == "refused"
    found = await shop.sale(sale)
    assert (found.status, found.amount_paid_q, list(found.payments)) == (DRAFT, 0, [])
    assert await shop.account(customer) == (0, 100_000)
    assert await entries(shop, customer) == []
    [row] = await shop.rows(PAYMENTS, shop.id)
    assert row["n"] == 0
    await shop.stock_more()
    assert (await shop.on_credit(sale, request_id="once")).status == PENDING


async def test_units_that_left_for_a_sale_that_was_given_up_come_back(killed: Any) -> None:
    shop, customer, sale, attempt = killed
    await sell(shop, sale, attempt)
    error = {"kind": "Refused", "code": "insufficient_stock", "message": "", "context": {}}
    # Another driver's answer: the inventory refused him just before it had the units for this one.
    await shop.rows(
        "update completions set state = 'reverting', error = $2::text::jsonb where id = $1", attempt, json.dumps(error)
    )
    await asyncio.to_thread(shop.counter.start, "sales")
    assert await settled(shop) == "refused"
    assert await shop.level("CAFE") == ("50.000", "0.000")
    assert await shop.account(customer) == (0, 100_000)
    assert (await shop.sale(sale)).status == DRAFT


async def sell(shop: Any, sale: Any, attempt: UUID) -> None:
    """What the service that was killed had done last."""
    async with client.channel(shop.counter.addresses["inventory"]) as channel:
        line = counter_pb2.SoldLine(sku="CAFE", qty="4")
        request = counter_pb2.SellCartRequest(cart=sale.id, sale_ref=f"sale/{attempt}", location="centro", lines=[line])
        token = shop.counter.token(shop.id, Role.ROLE_SERVICE)
        await client.call(counter_pb2_grpc.CounterServiceStub(channel).SellCart, request, token)
