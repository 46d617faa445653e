"""Places that sell, each seen by its own business only."""

from typing import Any

import pytest

from comanda.sales.events.v1 import events_pb2 as events
from comanda.sales.v1.businesses_pb2 import (
    CreateStorefrontRequest,
    GetStorefrontRequest,
    ListStorefrontsRequest,
    Storefront,
    UpdateStorefrontRequest,
)
from comanda.types.v1 import options_pb2
from kit.errors import Duplicate, Forbidden, Invalid, NotFound
from kit.testing import eventually


async def create(service: Any, tenant: Any, code: str = "centro", **fields: Any) -> Storefront:
    request = CreateStorefrontRequest(code=code, name=code.title(), **fields)
    made: Storefront = (await service.call(service.storefronts.CreateStorefront, request, tenant.token())).storefront
    return made


async def page(service: Any, tenant: Any, **fields: Any) -> Any:
    return await service.call(service.storefronts.ListStorefronts, ListStorefrontsRequest(**fields), tenant.token())


async def test_a_storefront_takes_zone_and_currency_from_its_business(service: Any) -> None:
    made = await create(service, await service.tenant())
    assert (made.timezone, made.currency) == ("America/Sao_Paulo", "BRL")
    assert made.is_active
    assert made.day_cutover_hour == 0


async def test_a_storefront_keeps_what_it_was_given(service: Any) -> None:
    tenant = await service.tenant()
    made = await create(service, tenant, timezone="Asia/Tokyo", currency="JPY", day_cutover_hour=5, is_active=False)
    found = await service.call(service.storefronts.GetStorefront, GetStorefrontRequest(code="centro"), tenant.token())
    assert found.storefront == made
    assert (made.timezone, made.currency, made.day_cutover_hour, made.is_active) == ("Asia/Tokyo", "JPY", 5, False)


async def test_a_storefront_in_no_known_zone_is_refused(service: Any) -> None:
    with pytest.raises(Invalid) as refused:
        await create(service, await service.tenant(), timezone="Brasil/Brasilia")
    assert refused.value.code == "unknown_timezone"


async def test_a_new_storefront_is_announced(service: Any) -> None:
    tenant = await service.tenant()
    await create(service, tenant)
    announced = events.StorefrontCreated(code="centro", name="Centro")
    assert await eventually(lambda: service.published(events.StorefrontCreated)) == [(tenant.id, announced)]


async def test_a_code_is_unique_within_a_business_only(service: Any) -> None:
    one, other = await service.tenant(), await service.tenant()
    await create(service, one)
    await create(service, other)
    with pytest.raises(Duplicate) as refused:
        await create(service, one)
    assert refused.value.code == "duplicate_code"


async def test_the_storefront_of_another_business_does_not_exist(service: Any) -> None:
    one, other = await service.tenant(), await service.tenant()
    await create(service, one)
    with pytest.raises(NotFound):
        await service.call(service.storefronts.GetStorefront, GetStorefrontRequest(code="centro"), other.token())
    assert not (await page(service, other)).items


async def test_storefronts_are_listed_by_code_a_page_at_a_time(service: Any) -> None:
    tenant = await service.tenant()
    for code in ("c", "a", "e", "b", "d"):
        await create(service, tenant, code)
    codes, token = [], ""
    while codes == [] or token:
        answer = await page(service, tenant, page_size=2, page_token=token)
        codes, token = [*codes, *(each.code for each in answer.items)], answer.next_page_token
    assert codes == ["a", "b", "c", "d", "e"]


async def update(service: Any, tenant: Any, **fields: Any) -> Storefront:
    request = UpdateStorefrontRequest(code="centro", **fields)
    changed: Storefront = (await service.call(service.storefronts.UpdateStorefront, request, tenant.token())).storefront
    return changed


async def test_a_storefront_is_changed_in_what_is_given_and_nothing_else(service: Any) -> None:
    tenant = await service.tenant()
    made = await create(service, tenant, day_cutover_hour=3)
    changed = await update(service, tenant, name="Centro novo", is_active=False)
    assert (changed.name, changed.is_active, changed.day_cutover_hour) == ("Centro novo", False, 3)
    assert changed.timezone == made.timezone
    assert (await update(service, tenant, day_cutover_hour=0)).day_cutover_hour == 0
    with pytest.raises(Invalid):
        await update(service, tenant, timezone="Mars/Olympus")


async def test_nobody_changes_the_storefront_of_another_business(service: Any) -> None:
    one, other = await service.tenant(), await service.tenant()
    await create(service, one)
    with pytest.raises(NotFound):
        await update(service, other, name="Mine")


async def test_staff_see_storefronts_and_do_not_create_them(service: Any) -> None:
    tenant = await service.tenant()
    staff = tenant.token(options_pb2.ROLE_STAFF)
    await service.call(service.storefronts.ListStorefronts, ListStorefrontsRequest(), staff)
    with pytest.raises(Forbidden):
        await service.call(service.storefronts.CreateStorefront, CreateStorefrontRequest(code="x"), staff)
