"""Sales that were made elsewhere, or earlier, and are entered now."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from comanda.sales.v1 import sales_pb2
from comanda.types.v1.options_pb2 import Role
from kit.errors import Duplicate, Invalid, Refused

pytestmark = pytest.mark.xdist_group("counter")


async def test_a_sale_of_another_system_is_entered_once_in_its_storefront(shop: Any) -> None:
    made = await asyncio.gather(*(shop.draft(external_ref="POS-7") for _ in range(3)), return_exceptions=True)
    errors = [each for each in made if isinstance(each, BaseException)]
    assert [(type(each), getattr(each, "code", "")) for each in errors] == [(Duplicate, "duplicate_external_ref")] * 2
    await shop.open_storefront("norte")
    await shop.draft("norte", external_ref="POS-7")
    await shop.draft()
    request = sales_pb2.ListSalesRequest(external_ref=["POS-7", "POS-8"], storefront=["centro"])
    assert [each.external_ref for each in (await shop.call(shop.sales.ListSales, request)).items] == ["POS-7"]


async def test_what_was_sold_earlier_counts_for_that_day(shop: Any) -> None:
    sold_at = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)  # 1 March, 23:30 in São Paulo
    sale = await shop.draft(role=Role.ROLE_MANAGER, sold_at=sold_at)
    assert (sale.business_date, sale.receipt_number) == ("2026-03-01", "centro-20260301-0001")
    await shop.add(sale, quantity="1")
    done = await shop.complete(sale, ("cash", 1000))
    assert done.sold_at.ToDatetime(UTC) == sold_at
    assert done.completed_at.ToDatetime(UTC) > datetime.now(UTC) - timedelta(hours=1)
    with pytest.raises(Refused) as refused:
        await shop.draft(role=Role.ROLE_STAFF, sold_at=sold_at)
    assert refused.value.code == "backdating_not_allowed"
    with pytest.raises(Invalid) as invalid:
        await shop.draft(sold_at=datetime.now(UTC) + timedelta(hours=1))
    assert invalid.value.code == "sold_in_future"
