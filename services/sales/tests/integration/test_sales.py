"""Drafts, and how they become sales."""

import asyncio
import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from comanda.inventory.v1 import products_pb2
from comanda.sales.v1 import audit_pb2, sales_pb2
from comanda.sales.v1.sales_pb2 import PaymentStatus, PaymentType, SaleStatus, SaleType
from comanda.types.v1.options_pb2 import Role
from kit.errors import DomainError, Invalid, NotFound, Refused

pytestmark = pytest.mark.xdist_group("counter")

STAFF, MANAGER = Role.ROLE_STAFF, Role.ROLE_MANAGER


async def refusal(calling: Any) -> str:
    with pytest.raises(DomainError) as refused:
        await calling
    return refused.value.code


async def update(shop: Any, sale: Any, role: int = Role.ROLE_OWNER, **fields: Any) -> Any:
    return (await shop.call(shop.sales.UpdateSale, sales_pb2.UpdateSaleRequest(id=sale.id, **fields), role)).sale


async def change(shop: Any, sale: Any, item: Any, **fields: Any) -> Any:
    request = sales_pb2.UpdateSaleItemRequest(id=sale.id, item_id=item.id, **fields)
    return (await shop.call(shop.sales.UpdateSaleItem, request)).item


async def remove(shop: Any, sale: Any, item: Any, **fields: Any) -> Any:
    request = sales_pb2.RemoveSaleItemRequest(id=sale.id, item_id=item.id, **fields)
    return (await shop.call(shop.sales.RemoveSaleItem, request)).sale


async def abandon(shop: Any, sale: Any) -> Any:
    return await shop.call(shop.sales.AbandonSale, sales_pb2.AbandonSaleRequest(id=sale.id))


async def test_a_cash_sale_from_the_draft_to_the_till(shop: Any) -> None:
    sale = await shop.draft()
    assert (sale.status, sale.payment_type, sale.type) == (
        SaleStatus.SALE_STATUS_DRAFT, PaymentType.PAYMENT_TYPE_CASH, SaleType.SALE_TYPE_RETAIL,
    )  # fmt: skip
    item = await shop.add(sale)
    assert (item.name, item.unit_price_q, item.total_q, item.unit_cost_q) == ("Cafe", 1000, 2000, 600)
    assert await shop.level("CAFE") == ("50.000", "2.000")
    done = await shop.complete(sale, ("cash", 2000))
    assert (done.status, done.amount_paid_q, done.amount_due_q) == (SaleStatus.SALE_STATUS_COMPLETED, 2000, 0)
    assert (len(done.payments), done.payment_status, done.HasField("completed_at")) == (
        1, PaymentStatus.PAYMENT_STATUS_PAID, True,
    )  # fmt: skip
    assert await shop.level("CAFE") == ("48.000", "0.000")
    assert await shop.holds(sale) == [("CAFE", "2.000", "committed")]
    assert await shop.sale(sale) == done


async def test_receipt_numbers_count_the_storefronts_day_without_repeats(shop: Any) -> None:
    await shop.open_storefront("norte")
    made = await asyncio.gather(*(shop.draft(storefront) for storefront in ("centro", "norte") for _ in range(8)))
    day = datetime.now(ZoneInfo("America/Sao_Paulo")).strftime("%Y%m%d")
    wanted = {f"{storefront}-{day}-{n:04}" for storefront in ("centro", "norte") for n in range(1, 9)}
    assert {sale.receipt_number for sale in made} == wanted


async def test_the_business_date_is_the_storefronts(shop: Any) -> None:
    now = datetime.now(ZoneInfo("Pacific/Kiritimati"))
    await shop.open_storefront("east", timezone="Pacific/Kiritimati")
    await shop.open_storefront("late", timezone="Pacific/Kiritimati", day_cutover_hour=23)
    assert (await shop.draft("east")).business_date == now.date().isoformat()
    late = (now - timedelta(hours=23)).date()
    assert (await shop.draft("late")).business_date == late.isoformat()


async def test_what_cannot_be_sold_from_is_refused(shop: Any) -> None:
    await shop.open_storefront("closed", is_active=False)
    assert await refusal(shop.draft("closed")) == "storefront_inactive"
    with pytest.raises(NotFound):
        await shop.draft("nowhere")
    with pytest.raises(NotFound):
        await shop.draft(customer_id=str(uuid4()))
    assert await refusal(shop.draft(payment_type="PAYMENT_TYPE_CREDIT")) == "customer_required"
    sale = await shop.draft()
    with pytest.raises(Invalid) as unknown:
        await shop.add(sale, "CHÁ")
    assert unknown.value.code == "unknown_sku"
    with pytest.raises(Invalid):
        await shop.add(sale, quantity="0")


async def test_every_change_of_an_item_moves_its_reservation(shop: Any) -> None:
    sale = await shop.draft()
    item = await shop.add(sale, quantity="3")
    twin = await shop.add(sale, quantity="1.5")
    assert await shop.level("CAFE") == ("50.000", "4.500")
    await change(shop, sale, item, quantity="5")
    assert await shop.level("CAFE") == ("50.000", "6.500")
    found = await remove(shop, sale, twin)
    assert [each.quantity for each in found.items] == ["5.000"]
    assert await shop.level("CAFE") == ("50.000", "5.000")
    await remove(shop, sale, item)
    assert await shop.level("CAFE") == ("50.000", "0.000")


async def test_a_repeated_change_is_one_change(shop: Any) -> None:
    sale = await shop.draft()
    first = await shop.add(sale, request_id="add")
    other = await shop.add(sale, "LEITE", "1")
    assert await shop.add(sale, request_id="add") == first
    assert await shop.level("CAFE") == ("50.000", "2.000")
    await remove(shop, sale, other, request_id="remove")
    await remove(shop, sale, other, request_id="remove")
    assert len((await shop.sale(sale)).items) == 1


async def test_a_draft_brings_its_first_items_along(shop: Any) -> None:
    items = [{"sku": "CAFE", "quantity": "2"}, {"sku": "LEITE", "quantity": "1.5", "discount_q": 50}]
    answers = await asyncio.gather(*(shop.draft(items=items, request_id="once") for _ in range(3)))
    assert len({each.SerializeToString() for each in answers}) == 1
    sale = await shop.sale(answers[0])
    assert [(each.sku, each.quantity, each.total_q) for each in sale.items] == [
        ("CAFE", "2.000", 2000), ("LEITE", "1.500", 700),
    ]  # fmt: skip
    assert (answers[0].items, sale.total_q) == (sale.items, 2700)
    assert (await shop.level("CAFE"), await shop.level("LEITE")) == (("50.000", "2.000"), ("50.000", "1.500"))
    assert await refusal(shop.draft(items=items[:1], request_id="once")) == "idempotency_key_reuse"
    await shop.add(sale, quantity="1")
    done = await shop.complete(sale, ("cash", 3700))
    assert SaleStatus.Name(done.status) == "SALE_STATUS_COMPLETED"
    assert await shop.level("CAFE") == ("47.000", "0.000")
    request = audit_pb2.ListAuditLogRequest(sale_id=sale.id, page_size=100)
    told = [each.event_type for each in (await shop.call(shop.audit.ListAuditLog, request)).items]
    assert (told.count("sale_item.added"), told.count("stock.reserved")) == (3, 2)


async def test_a_draft_that_cannot_have_all_its_items_holds_none(shop: Any) -> None:
    some, many = {"sku": "LEITE", "quantity": "1"}, {"sku": "CAFE", "quantity": "51"}
    await shop.draft(external_ref="R-1")
    assert await refusal(shop.draft(items=[some, many])) == "insufficient_stock"
    assert await refusal(shop.draft(items=[some, {"sku": "NADA", "quantity": "1"}])) == "unknown_sku"
    assert await refusal(shop.draft(items=[some, {"sku": "CAFE", "quantity": "0"}])) == "invalid_qty"
    assert await refusal(shop.draft(items=[some], external_ref="R-1")) == "duplicate_external_ref"
    assert await refusal(shop.draft(items=[some | {"discount_q": 51}], role=Role.ROLE_STAFF)) == "role_limit_exceeded"
    assert await shop.level("LEITE") == ("50.000", "0.000")
    assert (await shop.draft(items=[some])).receipt_number.endswith("-0002")


async def test_tills_that_share_a_draft_lose_no_item_and_no_unit(shop: Any) -> None:
    sale = await shop.draft()
    await asyncio.gather(*(shop.add(sale, sku, "1") for sku in ("CAFE", "LEITE") for _ in range(4)))
    assert len((await shop.sale(sale)).items) == 8
    assert await shop.level("CAFE") == ("50.000", "4.000")
    assert await shop.level("LEITE") == ("50.000", "4.000")


async def test_short_stock_is_refused_and_changes_nothing(shop: Any) -> None:
    sale, other = await shop.draft(), await shop.draft()
    item = await shop.add(sale, quantity="45")
    with pytest.raises(Refused) as refused:
        await shop.add(other, quantity="6")
    context = refused.value.context
    assert (refused.value.code, context["sku"], context["available"], context["requested"]) == (
        "insufficient_stock", "CAFE", "5.000", "6.000",
    )  # fmt: skip
    assert refused.value.message == "Insufficient stock for CAFE. Available: 5.000, Requested: 6.000"
    await shop.add(other, quantity="5")
    assert await refusal(change(shop, sale, item, quantity="46")) == "insufficient_stock"
    assert [each.quantity for each in (await shop.sale(sale)).items] == ["45.000"]


async def test_arithmetic_rounds_half_up_and_taxes_each_line_once(shop: Any) -> None:
    sale = await shop.draft()
    item = await shop.add(sale, "LEITE", "2.5", unit_price_q=333, discount_percentage="10", tax_rate="7.5")
    assert (item.discount_q, item.base_q, item.tax_q, item.total_q) == (83, 750, 56, 806)
    other = await shop.add(sale, "CAFE", "1", discount_q=5000, discount_percentage="10")
    assert (other.discount_q, other.discount_percentage, other.base_q, other.total_q) == (5000, "0", 0, 0)
    found = await update(shop, sale, discount_q=6, tax_q=100)
    assert (found.subtotal_q, found.total_q, found.amount_due_q) == (806, 900, 900)
    assert (await update(shop, sale, discount_q=1000)).total_q == 100


async def test_profit_is_what_is_left_of_the_price_and_hidden_from_staff(shop: Any) -> None:
    await shop.stock("LIVRO", "5", retail_price_q=2000, cost_q=1000)
    sale = await shop.draft()
    item = await shop.add(sale, "LIVRO", "2")
    assert (item.profit_amount_q, item.total_profit_amount_q, Decimal(item.profit_margin)) == (1000, 2000, 50)
    for found in ((await shop.sale(sale, STAFF)).items[0], await shop.add(sale, "LIVRO", "1", STAFF)):
        assert not found.HasField("unit_cost_q")
        assert not found.HasField("profit_amount_q")
        assert not found.HasField("total_profit_amount_q")
        assert not found.HasField("profit_margin")
    await shop.complete(sale, ("cash", 6000), role=STAFF, request_id="once")
    seen = await shop.complete(sale, ("cash", 6000), role=MANAGER, request_id="once")
    assert seen.items[0].unit_cost_q == 1000
    seen = await shop.complete(sale, ("cash", 6000), role=STAFF, request_id="once")
    assert not seen.items[0].HasField("unit_cost_q")


async def test_a_draft_turns_wholesale_and_keeps_the_prices_that_were_named(shop: Any) -> None:
    sale = await shop.draft()
    await shop.add(sale)
    await shop.add(sale, "LEITE", "1")
    await shop.add(sale, unit_price_q=950)
    changed = await update(shop, sale, type=SaleType.SALE_TYPE_WHOLESALE)
    assert [item.unit_price_q for item in changed.items] == [800, 500, 950]
    assert (await shop.add(sale)).unit_price_q == 800
    back = await update(shop, sale, type=SaleType.SALE_TYPE_RETAIL)
    assert [item.unit_price_q for item in back.items] == [1000, 500, 950, 1000]
    reseller = await shop.customer(customer_type="CUSTOMER_TYPE_WHOLESALE")
    assert (await shop.draft(customer_id=reseller.id)).type == SaleType.SALE_TYPE_WHOLESALE


async def test_staff_and_managers_give_away_no_more_than_the_house_allows(shop: Any) -> None:
    sale = await shop.draft()
    assert await refusal(shop.add(sale, role=STAFF, discount_percentage="10.1")) == "role_limit_exceeded"
    assert await refusal(shop.add(sale, role=MANAGER, discount_q=501)) == "role_limit_exceeded"
    assert await shop.level("CAFE") == ("50.000", "0.000")
    await shop.add(sale, role=STAFF, discount_percentage="10")
    assert await refusal(shop.complete(sale, ("cash", 1799), role=STAFF, discount_q=1)) == "role_limit_exceeded"
    assert await refusal(update(shop, sale, MANAGER, discount_q=301)) == "role_limit_exceeded"
    done = await shop.complete(sale, ("cash", 800), discount_q=1000)
    assert done.total_q == 800


async def test_a_price_that_has_changed_is_the_next_items_price_and_judged_by_it(shop: Any) -> None:
    sale = await shop.draft()
    assert (await shop.add(sale, quantity="1")).unit_price_q == 1000
    prices = products_pb2.Prices(retail_price_q=100, wholesale_price_q=80, cost_q=60)
    await shop.call(shop.products.UpdateProduct, products_pb2.UpdateProductRequest(sku="CAFE", prices=prices))
    # Less than a tenth of 2000, and more than a tenth of 1100.
    assert await refusal(shop.add(sale, role=STAFF, quantity="1", discount_q=150)) == "role_limit_exceeded"
    assert await shop.holds(sale) == [("CAFE", "1.000", "active")]
    added = await shop.add(sale, quantity="1")
    assert (added.unit_price_q, added.unit_cost_q) == (100, 60)


async def test_a_draft_that_is_given_up_gives_its_units_back_and_is_no_revenue(shop: Any) -> None:
    sale = await shop.draft()
    await shop.add(sale, quantity="3")
    gone = await abandon(shop, sale)
    assert (gone.released.count, gone.released.total_quantity, gone.status_changed) == (1, "3.000", True)
    assert (gone.sale.status, gone.sale.amount_paid_q, gone.sale.amount_due_q, gone.sale.total_q) == (
        SaleStatus.SALE_STATUS_CANCELLED, 0, 0, 3000,
    )  # fmt: skip
    assert await shop.holds(sale) == [("CAFE", "3.000", "released")]
    again = await abandon(shop, sale)
    assert (again.released.count, again.status_changed, again.already_finalized) == (0, False, True)
    assert await refusal(shop.add(sale)) == "sale_not_draft"


async def test_a_finished_sale_is_not_given_up(shop: Any) -> None:
    sale = await shop.draft()
    await shop.add(sale)
    await shop.complete(sale, ("card", 2000))
    found = await abandon(shop, sale)
    assert (found.already_finalized, found.current_status) == (True, SaleStatus.SALE_STATUS_COMPLETED)
    assert await shop.level("CAFE") == ("48.000", "0.000")


@pytest.mark.parametrize(
    ("payments", "fields", "code"),
    [
        ((), {}, "payment_required"),
        ((("cash", 2001),), {}, "payment_exceeds_due"),
        ((("cash", 1000), ("card", 1001)), {}, "payment_exceeds_due"),
        ((), {"payment_type": "PAYMENT_TYPE_CREDIT"}, "customer_required"),
        ((("cash", 2000),), {"manager_override": True}, "override_reason_required"),
    ],
)
async def test_what_completes_no_sale_leaves_the_draft_as_it_was(
    shop: Any, payments: Any, fields: Any, code: str
) -> None:
    sale = await shop.draft()
    await shop.add(sale)
    before = await shop.sale(sale)
    assert await refusal(shop.complete(sale, *payments, **fields)) == code
    assert await shop.sale(sale) == before
    await shop.complete(sale, ("cash", 2000))


async def test_the_words_for_what_cannot_be_completed(shop: Any) -> None:
    sale = await shop.draft()
    with pytest.raises(Refused, match="sale_empty") as empty:
        await shop.complete(sale, ("cash", 1))
    assert empty.value.message == "Cannot complete sale without items"
    await shop.add(sale)
    await shop.complete(sale, ("cash", 2000))
    with pytest.raises(Refused, match="sale_not_draft") as over:
        await shop.complete(sale, ("cash", 2000))
    assert over.value.message == "Cannot complete sale with status completed"


@pytest.mark.parametrize(
    ("payments", "status", "kind"),
    [
        ((("cash", 500),), "SALE_STATUS_PARTIAL", "PAYMENT_TYPE_CASH"),
        ((("pix", 2000),), "SALE_STATUS_COMPLETED", "PAYMENT_TYPE_PIX"),
        ((("cash", 500), ("card", 1500)), "SALE_STATUS_COMPLETED", "PAYMENT_TYPE_MIXED"),
        ((("cash", 500), ("cash", 500)), "SALE_STATUS_PARTIAL", "PAYMENT_TYPE_CASH"),
    ],
)
async def test_payments_decide_status_and_kind(shop: Any, payments: Any, status: str, kind: str) -> None:
    sale = await shop.draft()
    await shop.add(sale)
    done = await shop.complete(sale, *payments)
    paid_q = sum(amount_q for _, amount_q in payments)
    assert (SaleStatus.Name(done.status), PaymentType.Name(done.payment_type)) == (status, kind)
    assert (done.amount_paid_q, done.amount_due_q, len(done.payments)) == (paid_q, 2000 - paid_q, len(payments))


async def test_sales_are_found_by_everything_that_is_asked_for(shop: Any) -> None:
    customer = await shop.customer(name="Bia Souza")
    small, big = await shop.draft(), await shop.draft(customer_id=customer.id)
    await shop.add(small, "LEITE", "1")
    await shop.add(big, "CAFE", "2")
    await shop.on_credit(big)
    today = small.business_date

    async def found(**fields: Any) -> list[str]:
        answer = await shop.call(shop.sales.ListSales, sales_pb2.ListSalesRequest(**fields))
        return [each.id for each in answer.items]

    assert await found() == [big.id, small.id]
    for fields, wanted in (
        ({"status": ["SALE_STATUS_DRAFT"]}, [small.id]),
        ({"storefront": ["norte"]}, []),
        ({"customer_id": customer.id}, [big.id]),
        ({"payment_type": ["PAYMENT_TYPE_CREDIT"]}, [big.id]),
        ({"user": "key:test"}, [big.id, small.id]),
        ({"date_from": today, "date_to": today}, [big.id, small.id]),
        ({"date_to": "2000-01-01"}, []),
        ({"amount_min_q": 501}, [big.id]),
        ({"amount_max_q": 500}, [small.id]),
        ({"search": "souza"}, [big.id]),
        ({"search": "leite"}, [small.id]),
        ({"search": small.receipt_number[-4:]}, [small.id]),
        ({"has_outstanding_balance": True}, [big.id]),
        ({"has_outstanding_balance": False}, [small.id]),
        ({"days_outstanding": 0}, [big.id]),
        ({"days_outstanding": 1}, []),
        ({"date_range": "DATE_RANGE_TODAY"}, [big.id, small.id]),
        ({"date_range": "DATE_RANGE_THIS_WEEK", "status": ["SALE_STATUS_DRAFT"]}, [small.id]),
        ({"date_range": "DATE_RANGE_LAST_YEAR"}, []),
        ({"payment_status": ["PAYMENT_STATUS_PAID", "PAYMENT_STATUS_REFUNDED"]}, []),
        ({"payment_status": ["PAYMENT_STATUS_UNPAID"]}, [big.id, small.id]),
    ):
        assert await found(**fields) == wanted, fields
    page = await shop.call(shop.sales.ListSales, sales_pb2.ListSalesRequest(page_size=1, include_total=True))
    assert (page.total, [each.id for each in page.items]) == (2, [big.id])
    assert await found(page_token=page.next_page_token) == [small.id]
    with pytest.raises(Invalid):
        await found(date_from="2026-02-31")
    with pytest.raises(Invalid):
        await found(customer_id="nobody")


async def test_sales_are_listed_by_the_payment_status_that_they_show(shop: Any) -> None:
    for paid_q, refunded_q, status in (
        (0, 0, "pending"), (700, 0, "partial"), (1000, 0, "completed"), (1000, 400, "completed"), (1000, 1000, "refunded"),
    ):  # fmt: skip
        sale = await shop.draft()
        await shop.add(sale, quantity="1")
        await shop.rows(
            "update sales set amount_paid_q = $2, amount_due_q = total_q - $2, amount_refunded_q = $3, status = $4 where id = $1",
            sale.id, paid_q, refunded_q, status,
        )  # fmt: skip
    everything = (await shop.call(shop.sales.ListSales, sales_pb2.ListSalesRequest())).items
    assert len({each.payment_status for each in everything}) == 5
    for each in everything:
        request = sales_pb2.ListSalesRequest(payment_status=[each.payment_status])
        assert [found.id for found in (await shop.call(shop.sales.ListSales, request)).items] == [each.id]


async def test_the_log_tells_the_life_of_a_sale(shop: Any) -> None:
    sale = await shop.draft()
    item = await shop.add(sale)
    await change(shop, sale, item, quantity="1")
    await shop.complete(sale, ("cash", 1000))
    request = audit_pb2.ListAuditLogRequest(sale_id=sale.id, page_size=100)
    told = [each.event_type for each in (await shop.call(shop.audit.ListAuditLog, request)).items]
    assert sorted(told) == [
        "payment.created", "sale.completed", "sale.created", "sale_item.added", "sale_item.updated", "stock.committed",
        "stock.reserved", "stock.reserved",
    ]  # fmt: skip
    assert re.fullmatch(r"centro-\d{8}-0001", sale.receipt_number)
