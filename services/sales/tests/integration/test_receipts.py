"""Receipts are handed out: once as the original, then as copies, each of them told to the audit log."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from comanda.sales.v1 import audit_pb2, receipts_pb2, receipts_pb2_grpc
from comanda.sales.v1.customers_pb2 import EraseCustomerRequest
from comanda.types.v1.options_pb2 import Role
from kit import client
from kit.errors import NotFound, Refused

from .counter import opened, tables_with

pytestmark = pytest.mark.xdist_group("counter")


async def receipt(shop: Any, sale: Any, format: str = "JSON", role: int = Role.ROLE_OWNER) -> Any:
    async with client.channel(shop.counter.addresses["sales"]) as channel:
        stub: Any = receipts_pb2_grpc.ReceiptServiceStub(channel)
        request = receipts_pb2.GetReceiptRequest(id=sale.id, format=f"RECEIPT_FORMAT_{format}")
        return await shop.call(stub.GetReceipt, request, role)


async def test_one_receipt_is_the_original_and_all_others_are_copies(shop: Any) -> None:
    customer = await shop.customer(name="Ana")
    sale = await shop.draft(customer_id=customer.id)
    await shop.add(sale, quantity="2.5", tax_rate="10", discount_q=100)
    await shop.complete(sale, ("cash", 2640))
    answers = await asyncio.gather(*(receipt(shop, sale, each) for each in ("HTML", "PDF", "JSON")))
    assert sorted(each.receipt.is_reprint for each in answers) == [False, True, True]
    page, paper, plain = answers
    assert page.document.content_type == "text/html; charset=utf-8"
    assert paper.document.data.startswith(b"%PDF-")
    assert not plain.document.content_type
    said = plain.receipt
    assert (said.receipt_number, said.customer_name, said.storefront_name) == (sale.receipt_number, "Ana", "Centro")
    assert (said.total_q, said.taxes_included_q, said.payments[0].amount_q) == (2640, 240, 2640)
    assert [(item.name, item.quantity, item.total_q) for item in said.items] == [("Cafe", "2.500", 2640)]
    request = audit_pb2.ListAuditLogRequest(sale_id=sale.id, event_type=["sale.updated"])
    told = (await shop.call(shop.audit.ListAuditLog, request)).items
    assert sorted((each.after["receipt"], each.after["copy"]) for each in told) == [
        ("printed", 1), ("reprinted", 2), ("reprinted", 3),
    ]  # fmt: skip


async def test_a_buyer_who_was_forgotten_stands_in_no_table(shop: Any) -> None:
    customer = await shop.customer(name="Zuleica Secreta", phone="+55 11 9 7531", request_id="made")
    sale = await shop.draft(customer_id=customer.id, request_id="opened")
    await shop.add(sale, request_id="added")
    await shop.complete(sale, ("cash", 2000), request_id="sold")
    assert (await receipt(shop, sale)).receipt.customer_name == "Zuleica Secreta"
    assert await tables_with(shop.rows, "Zuleica", "7531") == {"customers", "idempotency_keys"}
    await shop.call(shop.customers.EraseCustomer, EraseCustomerRequest(id=customer.id))
    assert not await tables_with(shop.rows, "Zuleica", "7531")
    assert not (await receipt(shop, sale)).receipt.customer_name


async def test_there_is_no_receipt_before_there_is_a_sale_nor_for_anybody_else(shop: Any, counter: Any) -> None:
    sale = await shop.draft()
    await shop.add(sale)
    with pytest.raises(Refused) as refused:
        await receipt(shop, sale)
    assert refused.value.code == "no_receipt"
    await shop.complete(sale, ("cash", 2000))
    async with AsyncExitStack() as stack:
        other = await opened(stack, counter)
        with pytest.raises(NotFound):
            await receipt(other, sale)
    assert not (await receipt(shop, sale, role=Role.ROLE_STAFF)).receipt.is_reprint
