"""Exports: whole lists as CSV, in parts, equal to what the lists say."""

import csv
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from comanda.sales.v1 import exports_pb2 as pb
from comanda.sales.v1 import exports_pb2_grpc, sales_pb2
from comanda.types.v1.options_pb2 import Role
from kit import client
from kit.errors import NotFound
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


async def test_staff_see_no_profit_and_nobody_sees_strange_storefronts(shop: Any, exports: Any) -> None:
    [header] = await parts(shop, exports.ExportSales, pb.ExportSalesRequest(), Role.ROLE_STAFF)
    assert "total_q" in header
    assert "profit_q" not in header
    assert "cogs_q" not in header
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await parts(shop, exports.ExportSales, pb.ExportSalesRequest(storefront=["nowhere"]))
    assert isinstance(from_rpc_error(raised.value), NotFound)


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


def test_what_a_spreadsheet_would_run_is_text_and_numbers_stay_numbers() -> None:
    assert lines([["=1+1", "@x", -5, None, 'a"b', "-"]]) == b'\'=1+1,\'@x,-5,,"a""b",\'-\r\n'
