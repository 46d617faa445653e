"""Reports say what the sales say."""

from datetime import date, timedelta
from typing import Any

import pytest

from comanda.sales.v1 import refunds_pb2, refunds_pb2_grpc, reports_pb2, reports_pb2_grpc, sales_pb2
from comanda.types.v1.options_pb2 import Role
from kit import client
from kit.errors import Invalid, NotFound

pytestmark = pytest.mark.xdist_group("counter")


async def ask(shop: Any, name: str, request: Any, role: int = Role.ROLE_OWNER) -> Any:
    async with client.channel(shop.counter.addresses["sales"]) as channel:
        return await shop.call(getattr(reports_pb2_grpc.ReportServiceStub(channel), name), request, role)


async def daily(shop: Any, role: int = Role.ROLE_OWNER, **fields: Any) -> Any:
    return await ask(shop, "GetDailyReport", reports_pb2.GetDailyReportRequest(**fields), role)


async def summary(shop: Any, role: int = Role.ROLE_OWNER, **fields: Any) -> Any:
    return await ask(shop, "GetSalesSummary", reports_pb2.GetSalesSummaryRequest(**fields), role)


async def trade(shop: Any) -> tuple[Any, Any]:
    """Case S-17: cash 2 × 100 with 10 % tax, cost 60; and on credit 3 × 50, cost 30, of which 75 are paid."""
    await shop.stock("A", "10", retail_price_q=10_000, cost_q=6_000)
    await shop.stock("B", "10", retail_price_q=5_000, cost_q=3_000)
    cash, customer = await shop.draft(), await shop.customer(name="Bia")
    await shop.add(cash, "A", "2", tax_rate="10")
    await shop.complete(cash, ("cash", 22_000))
    credit = await shop.draft(customer_id=customer.id)
    await shop.add(credit, "B", "3")
    await shop.on_credit(credit)
    paid = sales_pb2.RecordPaymentRequest(id=credit.id, method="PAYMENT_METHOD_PIX", amount_q=7_500)
    await shop.call(shop.sales.RecordPayment, paid)
    return cash, credit


async def test_the_summary_tells_revenue_cost_and_profit_paid_and_unpaid(shop: Any) -> None:
    await trade(shop)
    found = await summary(shop)
    assert (found.total_sales_q, found.cogs_q, found.tax_q, found.profit_q, found.margin) == (
        22_000,
        12_000,
        2_000,
        8_000,
        "40",
    )
    assert (found.realized_revenue_q, found.outstanding_revenue_q) == (29_500, 7_500)
    assert (found.realized_profit_q, found.outstanding_profit_q) == (11_000, 3_000)
    assert (found.sales_count, found.average_sale_q) == (1, 22_000)
    both = await summary(shop, status=["SALE_STATUS_COMPLETED", "SALE_STATUS_PARTIAL"])
    assert (both.sales_count, both.total_sales_q, both.profit_q) == (2, 37_000, 14_000)
    assert [(each.name, each.total_sales_q) for each in both.top_customers] == [("Bia", 15_000)]
    assert [(each.sku, each.quantity, each.total_sales_q) for each in both.top_products] == [
        ("A", "2.000", 22_000), ("B", "3.000", 15_000),
    ]  # fmt: skip
    assert [(each.user, each.sales_count) for each in both.top_sellers] == [("key:test", 2)]


async def test_the_summary_keeps_to_storefront_and_dates(shop: Any) -> None:
    cash, _ = await trade(shop)
    await shop.open_storefront("norte")
    assert (await summary(shop, storefront="norte")).total_sales_q == 0
    assert (await summary(shop, storefront="norte")).average_sale_q == 0
    assert (await summary(shop, storefront="centro")).total_sales_q == 22_000
    day = date.fromisoformat(cash.business_date)
    today, before = day.isoformat(), (day - timedelta(days=1)).isoformat()
    assert (await summary(shop, **{"from": today, "to": today})).total_sales_q == 22_000
    assert (await summary(shop, to=before)).total_sales_q == 0
    with pytest.raises(NotFound):
        await summary(shop, storefront="nowhere")
    with pytest.raises(NotFound):
        await daily(shop, storefront="nowhere")
    with pytest.raises(Invalid):
        await daily(shop, date="2026-02-30")


async def test_the_day_equals_its_summary_and_shows_what_went_back(shop: Any) -> None:
    cash, credit = await trade(shop)
    found, whole = await daily(shop, storefront="centro"), await summary(shop)
    assert (found.date, found.sales_count, found.total_sales_q, found.tax_q, found.profit_q) == (
        cash.business_date, whole.sales_count, whole.total_sales_q, whole.tax_q, whole.profit_q,
    )  # fmt: skip
    assert dict(found.by_payment_method) == {"cash": 22_000}
    async with client.channel(shop.counter.addresses["sales"]) as channel:
        refunds = refunds_pb2_grpc.RefundServiceStub(channel)
        await shop.call(refunds.CancelSale, refunds_pb2.CancelSaleRequest(id=cash.id, reason="mistake"))
    found = await daily(shop)
    assert (found.sales_count, found.total_sales_q, found.refunds_q, dict(found.by_payment_method)) == (
        0,
        0,
        22_000,
        {},
    )
    assert credit.business_date == found.date


async def test_profit_and_cost_are_hidden_from_staff(shop: Any) -> None:
    await trade(shop)
    found = await summary(shop, Role.ROLE_STAFF)
    assert found.total_sales_q == 22_000
    for name in ("cogs_q", "profit_q", "margin", "realized_profit_q", "outstanding_profit_q"):
        assert not found.HasField(name)
    assert not (await daily(shop, Role.ROLE_STAFF)).HasField("profit_q")
    assert (await daily(shop, Role.ROLE_MANAGER)).profit_q == 8_000


async def test_another_business_has_its_own_figures(shop: Any) -> None:
    found = await summary(shop)
    assert (found.sales_count, found.total_sales_q, found.margin, list(found.top_products)) == (0, 0, "0", [])
