"""Money and goods go back: never more than came, and each once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from comanda.sales.v1 import audit_pb2, refunds_pb2, refunds_pb2_grpc
from comanda.sales.v1.refunds_pb2 import RefundStatus, RefundType
from comanda.sales.v1.sales_pb2 import PaymentStatus, SaleStatus
from comanda.types.v1.options_pb2 import Role
from kit import client
from kit.errors import Refused
from kit.testing import eventually

from .counter import code

pytestmark = pytest.mark.xdist_group("counter")

STAFF, MANAGER, OWNER = Role.ROLE_STAFF, Role.ROLE_MANAGER, Role.ROLE_OWNER


async def call(shop: Any, name: str, request: Any, role: int = OWNER) -> Any:
    async with client.channel(shop.counter.addresses["sales"]) as channel:
        return await shop.call(getattr(refunds_pb2_grpc.RefundServiceStub(channel), name), request, role)


async def cancel(shop: Any, sale: Any, role: int = OWNER, **fields: Any) -> Any:
    request = refunds_pb2.CancelSaleRequest(id=sale.id, **{"reason": "changed his mind"} | fields)
    return (await call(shop, "CancelSale", request, role)).sale


async def told(shop: Any, sale: Any) -> tuple[str, str]:
    """What the audit log has of a cancellation: the status before, and the reason."""
    request = audit_pb2.ListAuditLogRequest(sale_id=sale.id, event_type=["sale.cancelled"])
    [entry] = (await shop.call(shop.audit.ListAuditLog, request)).items
    return entry.before["previous_status"], entry.after["reason"]


async def ask(shop: Any, sale: Any, *items: tuple[Any, str], **fields: Any) -> Any:
    wanted = [refunds_pb2.NewRefundItem(item_id=item.id, quantity=quantity) for item, quantity in items]
    request = refunds_pb2.RequestRefundRequest(id=sale.id, items=wanted, reason="wrong size", **fields)
    return (await call(shop, "RequestRefund", request)).refund


async def move(shop: Any, name: str, refund: Any, role: int = OWNER, **fields: Any) -> Any:
    request = getattr(refunds_pb2, f"{name}RefundRequest")(id=refund.id, **fields)
    return (await call(shop, f"{name}Refund", request, role)).refund


async def sold(shop: Any) -> tuple[Any, Any, Any]:
    """A sale of two laptops and five mice, 1325.00, and both items."""
    await shop.stock("LAPTOP", "5", retail_price_q=60_000)
    await shop.stock("MOUSE", "20", retail_price_q=2_500)
    sale = await shop.draft()
    laptop, mouse = await shop.add(sale, "LAPTOP", "2"), await shop.add(sale, "MOUSE", "5")
    await shop.complete(sale, ("card", 132_500))
    return sale, laptop, mouse


async def listed(shop: Any, sale: Any) -> list[Any]:
    return list((await call(shop, "ListRefunds", refunds_pb2.ListRefundsRequest(sale_id=sale.id))).items)


async def test_a_cancelled_sale_pays_everything_back_and_returns_its_goods(shop: Any) -> None:
    sale, _, _ = await sold(shop)
    done = await cancel(shop, sale)
    assert (done.status, done.amount_refunded_q, done.amount_due_q, done.payment_status) == (
        SaleStatus.SALE_STATUS_CANCELLED, 132_500, 0, PaymentStatus.PAYMENT_STATUS_REFUNDED,
    )  # fmt: skip
    assert (await shop.level("LAPTOP"), await shop.level("MOUSE")) == (("5.000", "0.000"), ("20.000", "0.000"))
    [refund] = await listed(shop, sale)
    assert (refund.type, refund.status, refund.amount_q, len(refund.items)) == (
        RefundType.REFUND_TYPE_FULL, RefundStatus.REFUND_STATUS_PROCESSED, 132_500, 2,
    )  # fmt: skip
    assert await told(shop, sale) == ("completed", "changed his mind")
    assert await code(cancel(shop, sale)) == "sale_already_cancelled"


async def test_a_sale_cancelled_after_a_refund_pays_the_rest_back(shop: Any) -> None:
    sale, laptop, _ = await sold(shop)
    refund = await ask(shop, sale, (laptop, "1"))
    assert (refund.type, refund.status, refund.amount_q) == (
        RefundType.REFUND_TYPE_PARTIAL, RefundStatus.REFUND_STATUS_PENDING, 60_000,
    )  # fmt: skip
    assert await code(cancel(shop, sale)) == "refund_under_way"
    await move(shop, "Approve", refund)
    await move(shop, "Process", refund)
    found = await shop.sale(sale)
    assert (found.status, found.payment_status) == (
        SaleStatus.SALE_STATUS_COMPLETED, PaymentStatus.PAYMENT_STATUS_PARTIALLY_REFUNDED,
    )  # fmt: skip
    assert await shop.level("LAPTOP") == ("4.000", "0.000")
    assert (await cancel(shop, sale)).amount_refunded_q == 132_500
    assert [each.amount_q for each in await listed(shop, sale)] == [72_500, 60_000]
    assert (await shop.level("LAPTOP"), await shop.level("MOUSE")) == (("5.000", "0.000"), ("20.000", "0.000"))


async def test_a_sale_is_cancelled_once_and_its_goods_return_once(shop: Any) -> None:
    sale, _, _ = await sold(shop)
    codes = await asyncio.gather(*(code(cancel(shop, sale)) for _ in range(5)))
    assert sorted(codes) == ["", *["sale_already_cancelled"] * 4]
    assert await shop.level("LAPTOP") == ("5.000", "0.000")


async def test_goods_stay_away_when_that_is_asked_for(shop: Any) -> None:
    sale, _, _ = await sold(shop)
    await cancel(shop, sale, restock=False)
    assert await shop.level("LAPTOP") == ("3.000", "0.000")


async def test_a_cancelled_debt_is_struck_off_the_account(shop: Any) -> None:
    customer = await shop.customer()
    sale = await shop.draft(customer_id=customer.id)
    await shop.add(sale, quantity="6")
    await shop.complete(sale, ("cash", 1000), payment_type="PAYMENT_TYPE_CREDIT")
    assert await shop.account(customer) == (5000, 95_000)
    done = await cancel(shop, sale)
    assert (done.amount_refunded_q, done.amount_due_q) == (1000, 0)
    assert await shop.account(customer) == (0, 100_000)


async def test_a_cancelled_draft_gives_its_units_back_and_pays_nothing(shop: Any) -> None:
    sale = await shop.draft()
    await shop.add(sale)
    assert (await cancel(shop, sale)).status == SaleStatus.SALE_STATUS_CANCELLED
    assert await listed(shop, sale) == []
    assert await told(shop, sale) == ("draft", "changed his mind")
    assert await shop.level("CAFE") == ("50.000", "0.000")


async def test_no_more_is_taken_back_than_was_sold_or_paid(shop: Any) -> None:
    sale, laptop, mouse = await sold(shop)
    await ask(shop, sale, (laptop, "2"))
    assert await code(ask(shop, sale, (laptop, "1"))) == "refund_quantity_exceeded"
    assert await code(ask(shop, sale, (mouse, "6"))) == "refund_quantity_exceeded"
    codes = await asyncio.gather(*(code(ask(shop, sale, (mouse, "2"))) for _ in range(4)))
    assert sorted(codes) == ["", "", "refund_quantity_exceeded", "refund_quantity_exceeded"]
    part = await shop.draft()
    item = await shop.add(part)
    await shop.complete(part, ("cash", 500))
    assert await code(ask(shop, part, (item, "1"))) == "refund_exceeds_paid"


async def test_a_refund_says_what_is_taken_back_and_why(shop: Any) -> None:
    sale, laptop, _ = await sold(shop)
    for reason in ("", "   ", "\n\t"):
        request = refunds_pb2.RequestRefundRequest(id=sale.id, reason=reason)
        assert await code(call(shop, "RequestRefund", request)) == "invalid_argument"
        assert await code(cancel(shop, sale, reason=reason)) == "invalid_argument"
    for kind in (RefundType.REFUND_TYPE_PARTIAL, RefundType.REFUND_TYPE_EXCHANGE):
        assert await code(ask(shop, sale, type=kind)) == "refund_items_required"
    assert await listed(shop, sale) == []
    await ask(shop, sale, (laptop, "1"))
    everything = await ask(shop, sale)
    assert (everything.type, everything.amount_q) == (RefundType.REFUND_TYPE_FULL, 72_500)
    with pytest.raises(Refused, match="refund_exceeds_paid") as refused:
        await ask(shop, sale)
    assert refused.value.context == {"refundable_q": 0, "amount_q": 132_500}


async def test_a_rejected_refund_gives_its_units_free(shop: Any) -> None:
    sale, laptop, _ = await sold(shop)
    refund = await ask(shop, sale, (laptop, "2"))
    rejected = await move(shop, "Reject", refund, reason="used")
    assert (rejected.status, rejected.rejection_reason) == (RefundStatus.REFUND_STATUS_REJECTED, "used")
    assert await code(move(shop, "Approve", refund)) == "refund_not_open"
    full = await ask(shop, sale)
    assert (full.type, full.amount_q) == (RefundType.REFUND_TYPE_FULL, 132_500)
    await move(shop, "Approve", full)
    await move(shop, "Process", full)
    found = await shop.sale(sale)
    assert (found.status, found.amount_refunded_q) == (SaleStatus.SALE_STATUS_REFUNDED, 132_500)
    assert await code(move(shop, "Process", full)) == "refund_not_open"


async def test_a_role_approves_below_its_limit_only(shop: Any) -> None:
    sale, laptop, mouse = await sold(shop)
    small, middle, big = (
        await ask(shop, sale, (mouse, "1")),
        await ask(shop, sale, (mouse, "2")),
        await ask(shop, sale, (laptop, "1")),
    )
    await move(shop, "Approve", small, STAFF)
    assert await code(move(shop, "Approve", middle, STAFF)) == "role_limit_exceeded"
    await move(shop, "Approve", middle, MANAGER)
    assert await code(move(shop, "Approve", big, MANAGER)) == "role_limit_exceeded"
    await move(shop, "Approve", big, OWNER)


async def test_refunds_have_their_windows(shop: Any) -> None:
    sale, laptop, _ = await sold(shop)
    await shop.rows("update sales set completed_at = now() - $2::interval where id = $1", sale.id, timedelta(days=8))
    exchange = {"type": RefundType.REFUND_TYPE_EXCHANGE}
    assert await code(ask(shop, sale, (laptop, "1"), **exchange)) == "refund_window_over"
    await ask(shop, sale, (laptop, "1"))
    await shop.rows("update sales set completed_at = now() - $2::interval where id = $1", sale.id, timedelta(days=31))
    assert await code(ask(shop, sale, (laptop, "1"))) == "refund_window_over"


async def test_goods_return_once_the_inventory_is_back(shop: Any) -> None:
    sale, _, _ = await sold(shop)
    shop.counter.kill("inventory")
    assert (await cancel(shop, sale)).status == SaleStatus.SALE_STATUS_CANCELLED
    await asyncio.to_thread(shop.counter.start, "inventory")

    async def back() -> bool:
        return bool(await shop.level("LAPTOP") == ("5.000", "0.000"))

    await eventually(back)
    assert not await shop.rows("select from restocks where business_id = $1", shop.id)
