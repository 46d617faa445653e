"""Tenants come into being."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from comanda.sales.events.v1 import events_pb2 as events
from comanda.sales.v1.businesses_pb2 import CreateBusinessRequest, GetBusinessRequest, UpdateBusinessRequest
from comanda.types.v1 import options_pb2
from kit import identity
from kit.errors import Duplicate, Forbidden, Invalid, NotFound, Unauthenticated
from kit.identity import Identity
from kit.testing import eventually


def business(**fields: Any) -> CreateBusinessRequest:
    return CreateBusinessRequest(**{"code": "padaria", "name": "Padaria", **fields})


async def test_a_repeated_call_creates_one_business_and_gets_the_first_answer(service: Any) -> None:
    request = business(request_id="first")
    first = await service.call(service.businesses.CreateBusiness, request)
    assert await service.call(service.businesses.CreateBusiness, request) == first
    assert len(await service.rows("select from businesses")) == 1


async def test_twins_in_flight_create_one_business(service: Any) -> None:
    request = business(request_id="first")
    answers = await asyncio.gather(*(service.call(service.businesses.CreateBusiness, request) for _ in range(5)))
    assert len({answer.SerializeToString() for answer in answers}) == 1


async def test_a_code_belongs_to_one_business(service: Any) -> None:
    calls = (service.call(service.businesses.CreateBusiness, business()) for _ in range(5))
    answers = await asyncio.gather(*calls, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Duplicate)]
    assert [error.code for error in refused] == ["duplicate_code"] * 4
    assert len(await service.rows("select from businesses")) == 1


async def test_a_business_is_brazilian_unless_said_otherwise(service: Any) -> None:
    made = (await service.call(service.businesses.CreateBusiness, business())).business
    assert (made.timezone, made.currency) == ("America/Sao_Paulo", "BRL")
    request = business(code="shop", timezone="Africa/Accra", currency="GHS")
    made = (await service.call(service.businesses.CreateBusiness, request)).business
    assert (made.timezone, made.currency) == ("Africa/Accra", "GHS")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"timezone": "America/Sao_Paolo"}, "unknown_timezone"),
        ({"timezone": "../etc/passwd"}, "unknown_timezone"),
        ({"currency": "BLR"}, "unknown_currency"),
        ({"code": "not a code"}, "invalid_argument"),
    ],
)
async def test_what_no_business_can_have_is_refused(service: Any, fields: dict[str, str], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        await service.call(service.businesses.CreateBusiness, business(**fields))
    assert refused.value.code == code


async def test_a_new_business_is_announced_under_its_own_id(service: Any) -> None:
    made = (await service.call(service.businesses.CreateBusiness, business())).business
    announced = events.BusinessCreated(code="padaria", name="Padaria", timezone="America/Sao_Paulo", currency="BRL")
    assert await eventually(lambda: service.published(events.BusinessCreated)) == [(UUID(made.id), announced)]


async def test_only_operators_create_businesses(service: Any) -> None:
    tenant = await service.tenant()
    with pytest.raises(Forbidden):
        await service.call(service.businesses.CreateBusiness, business(), tenant.token())
    with pytest.raises(Forbidden) as refused:
        await service.call(service.businesses.CreateBusiness, business(), tenant.token(options_pb2.ROLE_SERVICE))
    assert refused.value.code == "operator_only"


async def test_a_caller_reads_the_business_of_his_credential(service: Any) -> None:
    one, other = await service.tenant(), await service.tenant()
    for tenant in (one, other):
        found = await service.call(service.businesses.GetBusiness, GetBusinessRequest(), tenant.token())
        assert found.business.code == tenant.code


async def test_the_owner_changes_name_and_zone_of_his_business(service: Any) -> None:
    one, other = await service.tenant(), await service.tenant()
    request = UpdateBusinessRequest(name="Padaria Nova", timezone="America/Recife")
    changed = (await service.call(service.businesses.UpdateBusiness, request, one.token())).business
    assert (changed.name, changed.timezone, changed.code) == ("Padaria Nova", "America/Recife", one.code)
    unchanged = await service.call(service.businesses.GetBusiness, GetBusinessRequest(), other.token())
    assert unchanged.business.name == other.code
    with pytest.raises(Forbidden):
        await service.call(service.businesses.UpdateBusiness, request, one.token(options_pb2.ROLE_MANAGER))
    with pytest.raises(Invalid):
        await service.call(service.businesses.UpdateBusiness, UpdateBusinessRequest(timezone="Recife"), one.token())


async def test_an_operator_without_a_business_is_told_so(service: Any) -> None:
    with pytest.raises(Invalid) as refused:
        await service.call(service.businesses.GetBusiness, GetBusinessRequest())
    assert refused.value.code == "business_required"


async def test_a_token_signed_by_somebody_else_is_not_believed(service: Any) -> None:
    tenant, stranger = await service.tenant(), identity.private_key(identity.new_private_key())
    forged, _ = identity.sign(Identity(tenant.id, options_pb2.ROLE_OWNER, "key:forged"), stranger)
    with pytest.raises(Unauthenticated):
        await service.call(service.businesses.GetBusiness, GetBusinessRequest(), forged)


async def test_a_business_that_is_not_there_is_not_found(service: Any) -> None:
    tenant = await service.tenant()
    tenant.id = uuid4()
    with pytest.raises(NotFound):
        await service.call(service.businesses.GetBusiness, GetBusinessRequest(), tenant.token())
