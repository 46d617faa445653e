"""Exports: whole lists as CSV, in parts, equal to what the lists say."""

import csv
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from comanda.sales.v1 import exports_pb2 as pb
from comanda.sales.v1 import exports_pb2_grpc, sales_pb2
from comanda.sales.v1.refunds_pb2 import CancelSaleRequest
from comanda.sales.v1.refunds_pb2_grpc import RefundServiceStub
from comanda.sales.v1.reports_pb2 import GetDailyReportRequest
from comanda.sales.v1.reports_pb2_grpc import ReportServiceStub
from comanda.types.v1.options_pb2 import Role
from kit import client
from kit.errors import Invalid, NotFound
from kit.status import from_rpc_error
from sales.queries.exports import BATCH, lines

pytestmark = pytest.mark.xdist_group("counter")

COPIES = """
    insert into sales
    select (jsonb_populate_record(s, jsonb_build_object('id', uuidv7(), 'receipt_number', 'copy-' || n))).*
    from sales s, generate_series(1, $2) n where s.business_id = $1 and s.status = 'completed'
"""


@pytest.fixture
async def exports(shop: Any) -> AsyncIterator[Any]:
    async with client.channel(shop.counter.addresses["sales"]) as channel:
        yield exports_pb2_grpc.ExportServiceStub(channel)


async def parts(shop: Any, method: Any, request: Any, role: int = Role.ROLE_OWNER) -> list[str]:
    metadata = [("authorization", f"Bearer {shop.counter.token(shop.id, role)}")]
    answers = [answer async for answer in method(request, metadata=metadata)]
    assert {answer.document.content_type for answer in answers} == {"text/csv; charset=utf-8"}
    return [answer.document.data.decode() for answer in answers]


def rows(found: list[str]) -> list[dict[str, str]]:
    return list(csv.DictReader("".join(found).splitlines()))


async def test_every_sale_is_exported_once_in_parts_that_stay_small(shop: Any, exports: Any) -> None:
    sale = await shop.draft()
    await shop.add(sale, quantity="2", tax_rate="10")
    done = await shop.complete(sale, ("cash", 2200))
    await shop.rows(COPIES, shop.id, 2 * BATCH)
    await shop.draft()
    found = await parts(shop, exports.ExportSales, pb.ExportSalesRequest())
    assert len(found) == 1 + 3
    assert max(part.count("\n") for part in found) <= BATCH
    exported = rows(found)
    listed = sales_pb2.ListSalesRequest(include_total=True, page_size=1)
    assert len(exported) == (await shop.call(shop.sales.ListSales, listed)).total == 2 * BATCH + 2
    assert len({row["receipt_number"] for row in exported}) == len(exported)
    [row] = [row for row in exported if row["id"] == done.id]
    same = ("receipt_number", "storefront", "user", "currency", "business_date")
    assert [row[name] for name in same] == [getattr(done, name) for name in same]
    assert (row["status"], row["total_q"], row["cogs_q"], row["profit_q"]) == ("completed", "2200", "1200", "800")
    assert row["completed_at"] == done.completed_at.ToDatetime().isoformat() + "Z"
    filtered = await parts(
        shop, exports.ExportSales, pb.ExportSalesRequest(status=["SALE_STATUS_DRAFT"], storefront=["centro"])
    )
    assert [row["status"] for row in rows(filtered)] == ["draft"]


async def test_staff_see_no_profit(shop: Any, exports: Any) -> None:
    [header] = await parts(shop, exports.ExportSales, pb.ExportSalesRequest(), Role.ROLE_STAFF)
    assert "total_q" in header
    assert "profit_q" not in header
    assert "cogs_q" not in header


async def test_what_is_wrong_with_a_request_is_said_instead_of_the_first_line(shop: Any, exports: Any) -> None:
    for method, request, error in (
        (exports.ExportSales, pb.ExportSalesRequest(storefront=["nowhere"]), NotFound),
        (exports.ExportSales, pb.ExportSalesRequest(date_from="2026-02-30"), Invalid),
        (exports.ExportDailyReport, pb.ExportDailyReportRequest(storefront="nowhere"), NotFound),
        (exports.ExportDailyReport, pb.ExportDailyReportRequest(to="2026-02-30"), Invalid),
        (exports.ExportSalesSummary, pb.ExportSalesSummaryRequest(storefront="nowhere"), NotFound),
        (exports.ExportSalesSummary, pb.ExportSalesSummaryRequest(to="2026-02-30"), Invalid),
    ):
        metadata = [("authorization", f"Bearer {shop.counter.token(shop.id, Role.ROLE_OWNER)}")]
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await method(request, metadata=metadata).read()
        assert isinstance(from_rpc_error(raised.value), error), request


async def test_what_customers_owe_adds_up_to_their_balances(shop: Any, exports: Any) -> None:
    owed = {}
    for name in ("Ana, Bia", "Caio"):
        customer = await shop.customer(name=name)
        sale = await shop.draft(customer_id=customer.id)
        await shop.add(sale, quantity="1")
        await shop.on_credit(sale)
        owed[customer.id] = (await shop.account(customer))[0]
    found = rows(await parts(shop, exports.ExportAging, pb.ExportAgingRequest()))
    assert {row["customer_id"]: int(row["total_q"]) for row in found} == owed
    assert {row["name"] for row in found} == {"Ana, Bia", "Caio"}
    assert all(row["current_q"] == row["total_q"] for row in found)


async def test_each_day_of_each_storefront_is_a_line_that_says_what_its_report_says(shop: Any, exports: Any) -> None:
    await shop.open_storefront("norte")
    paid = ("pix", 700), ("cash", 1500)
    old, today = await shop.draft(), await shop.draft()
    for sale in (old, today):
        await shop.add(sale, quantity="2", tax_rate="10")
        await shop.complete(sale, *paid)
    await shop.rows("update sales set business_date = business_date - 70 where id = $1", old.id)
    refund = CancelSaleRequest(id=old.id, reason="mistake")
    async with client.channel(shop.counter.addresses["sales"]) as channel:
        await shop.call(RefundServiceStub(channel).CancelSale, refund)
        found = rows(await parts(shop, exports.ExportDailyReport, pb.ExportDailyReportRequest()))
        reports = ReportServiceStub(channel)
        for row in found:
            asked = GetDailyReportRequest(storefront=row["storefront"], date=row["date"])
            day = await shop.call(reports.GetDailyReport, asked)
            for name in ("sales_count", "total_sales_q", "tax_q", "discount_q", "refunds_q", "profit_q"):
                assert int(row[name]) == getattr(day, name), name
            methods = {name.partition(".")[2]: int(value) for name, value in row.items() if "." in name}
            assert {name: amount_q for name, amount_q in methods.items() if amount_q} == dict(day.by_payment_method)
    [line] = found
    same = ("storefront", "date", "total_sales_q", "refunds_q", "by_payment_method.pix", "by_payment_method.card")
    assert [line[name] for name in same] == ["centro", today.business_date, "2200", "2200", "700", "0"]


async def test_days_are_narrowed_by_storefront_and_dates(shop: Any, exports: Any) -> None:
    await shop.open_storefront("norte")
    sales = [await shop.draft() for _ in range(3)]
    for n, sale in enumerate(sales):
        await shop.add(sale, quantity="1")
        await shop.complete(sale, ("cash", 1000))
        await shop.rows("update sales set business_date = date '2026-01-31' + $2::int where id = $1", sale.id, n)
    for bounds, dates in (
        ({}, ["2026-01-31", "2026-02-01", "2026-02-02"]),
        ({"from": "2026-02-01", "to": "2026-02-01"}, ["2026-02-01"]),
        (
            {"from": "0001-01-01", "to": "9999-12-31", "storefront": "centro"},
            ["2026-01-31", "2026-02-01", "2026-02-02"],
        ),
        ({"from": "2026-02-02", "to": "2026-01-31"}, []),
        ({"storefront": "norte"}, []),
    ):
        request = pb.ExportDailyReportRequest(**bounds)  # type: ignore[arg-type]  # one of them is a keyword of Python
        found = await parts(shop, exports.ExportDailyReport, request, Role.ROLE_STAFF)
        assert [row["date"] for row in rows(found)] == dates, bounds
        assert "profit_q" not in found[0]


async def test_a_summary_is_one_line_and_its_lists_are_tables(shop: Any, exports: Any) -> None:
    customer = await shop.customer(name="=Ana")
    sale = await shop.draft(customer_id=customer.id)
    await shop.add(sale, quantity="2", tax_rate="10")
    await shop.complete(sale, ("cash", 2200))
    [line] = rows(await parts(shop, exports.ExportSalesSummary, pb.ExportSalesSummaryRequest()))
    assert (line["total_sales_q"], line["cogs_q"], line["profit_q"], line["margin"]) == ("2200", "1200", "800", "40")
    [line] = rows(await parts(shop, exports.ExportSalesSummary, pb.ExportSalesSummaryRequest(), Role.ROLE_STAFF))
    assert line["total_sales_q"] == "2200"
    assert not {"cogs_q", "profit_q", "margin", "realized_profit_q", "outstanding_profit_q"} & line.keys()
    for table, shown in (
        ("CUSTOMERS", ("name", "'=Ana")),
        ("SELLERS", ("user", "key:test")),
        ("PRODUCTS", ("sku", "CAFE")),
    ):
        request = pb.ExportSalesSummaryRequest(table=f"SUMMARY_TABLE_{table}")
        [line] = rows(await parts(shop, exports.ExportSalesSummary, request))
        assert (line[shown[0]], line["total_sales_q"]) == (shown[1], "2200")
    before = pb.ExportSalesSummaryRequest(to="2020-01-01", storefront="centro")
    [line] = rows(await parts(shop, exports.ExportSalesSummary, before))
    assert line["total_sales_q"] == "0"


def test_what_a_spreadsheet_would_run_is_text_and_numbers_stay_numbers() -> None:
    assert lines([["=1+1", "@x", -5, None, 'a"b', "-"]]) == b'\'=1+1,\'@x,-5,,"a""b",\'-\r\n'
