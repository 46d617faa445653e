"""Keys are made, shown once, exchanged, and revoked."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from comanda.sales.events.v1 import events_pb2 as events
from comanda.sales.v1.businesses_pb2 import GetBusinessRequest
from comanda.sales.v1.identity_pb2 import (
    AuthenticateRequest,
    CreateApiKeyRequest,
    GetApiKeyRequest,
    ListApiKeysRequest,
    RotateApiKeyRequest,
)
from comanda.types.v1.options_pb2 import Role
from kit.errors import DomainError, Forbidden, Invalid, NotFound, Refused, Unauthenticated
from kit.identity import NO_BUSINESS, Identity
from kit.testing import eventually

TABLES = "select table_name from information_schema.tables where table_schema = 'public'"


async def listed(service: Any, tenant: Any, **fields: Any) -> Any:
    return await service.call(service.keys.ListApiKeys, ListApiKeysRequest(**fields), tenant.token())


async def refusal(service: Any, credential: str) -> tuple[str, str, Any]:
    with pytest.raises(Unauthenticated) as refused:
        await service.authenticate(credential)
    return refused.value.code, refused.value.message, refused.value.context


async def test_a_key_speaks_for_its_business_in_its_role(service: Any) -> None:
    tenant = await service.tenant()
    key = await service.key(tenant.token(), Role.ROLE_MANAGER)
    assert await service.authenticate(key.secret) == Identity(tenant.id, Role.ROLE_MANAGER, f"key:{key.id}")


async def test_a_key_of_a_customer_speaks_for_him(service: Any) -> None:
    tenant = await service.tenant()
    key = await service.key(tenant.token(), Role.ROLE_CUSTOMER, customer_id="c-1")
    assert (await service.authenticate(key.secret)).customer_id == "c-1"


async def test_a_key_is_good_for_this_service_as_it_is(service: Any) -> None:
    tenant = await service.tenant()
    key = await service.key(tenant.token(), Role.ROLE_MANAGER)
    found = await service.call(service.businesses.GetBusiness, GetBusinessRequest(), key.secret)
    assert found.business.code == tenant.code


async def test_a_repeated_call_gets_the_same_key_byte_for_byte(service: Any) -> None:
    tenant = await service.tenant()
    request = CreateApiKeyRequest(role=Role.ROLE_STAFF, label="till", request_id="once")
    calls = (service.call(service.keys.CreateApiKey, request, tenant.token()) for _ in range(4))
    answers = await asyncio.gather(*calls)
    assert len({answer.SerializeToString() for answer in answers}) == 1
    assert (await service.authenticate(answers[0].api_key.secret)).role == Role.ROLE_STAFF
    assert len((await listed(service, tenant)).items) == 1


async def test_the_database_does_not_hold_a_secret(service: Any) -> None:
    tenant = await service.tenant()
    key = await service.key(tenant.token(), Role.ROLE_ADMIN, request_id="once")
    secret = key.secret.removeprefix(f"{key.prefix}_")
    stored = ""
    for table in await service.rows(TABLES):
        stored += "".join(row["t"] for row in await service.rows(f"select t::text as t from {table['table_name']} t"))
    assert hashlib.sha256(secret.encode()).hexdigest() in stored
    assert secret not in stored
    assert secret.encode().hex() not in stored


async def test_a_list_shows_no_secret(service: Any) -> None:
    tenant = await service.tenant()
    key = await service.key(tenant.token())
    [shown] = (await listed(service, tenant)).items
    assert (shown.secret, shown.prefix) == ("", key.prefix)
    assert key.secret.startswith(key.prefix)


async def test_whatever_is_wrong_with_a_key_the_answer_is_the_same(service: Any) -> None:
    tenant = await service.tenant()
    key, revoked = await service.key(tenant.token()), await service.key(tenant.token())
    await service.revoke(tenant.token(), revoked.id)
    unknown = f"ck_{'0' * 32}_{key.secret.removeprefix(f'{key.prefix}_')}"
    bad = [
        key.secret[:-1],
        unknown,
        revoked.secret,
        key.prefix,
        f"{key.secret}\n",
        key.secret.upper(),
        "nonsense",
        "ck_\0_",
    ]
    answers = [await refusal(service, credential) for credential in bad]
    assert all(answer == answers[0] for answer in answers)


async def test_a_revoked_key_is_dead_at_once(service: Any) -> None:
    tenant = await service.tenant()
    key = await service.key(tenant.token(), Role.ROLE_MANAGER)
    await service.call(service.businesses.GetBusiness, GetBusinessRequest(), key.secret)
    assert (await service.revoke(tenant.token(), key.id)).HasField("revoked_at")
    await refusal(service, key.secret)
    with pytest.raises(Unauthenticated):
        await service.call(service.businesses.GetBusiness, GetBusinessRequest(), key.secret)


async def test_revoking_twice_is_harmless_and_told_once(service: Any) -> None:
    tenant = await service.tenant()
    key = await service.key(tenant.token())
    answers = await asyncio.gather(*(service.revoke(tenant.token(), key.id) for _ in range(5)))
    assert len({answer.revoked_at.ToNanoseconds() for answer in answers}) == 1
    told = await eventually(lambda: service.published(events.ApiKeyRevoked))
    assert told == [(tenant.id, events.ApiKeyRevoked(api_key_id=key.id))]

    async def nothing_left() -> bool:
        return not await service.rows("select from outbox")

    await eventually(nothing_left)
    assert await service.published(events.ApiKeyRevoked) == told


async def rotated(service: Any, token: str, key_id: str, **fields: Any) -> Any:
    answer = await service.call(service.keys.RotateApiKey, RotateApiKeyRequest(id=key_id, **fields), token)
    return answer.api_key


async def test_a_rotated_key_gives_way_to_one_that_may_do_the_same(service: Any) -> None:
    tenant = await service.tenant()
    old = await service.key(tenant.token(), Role.ROLE_MANAGER, label="till", scopes=["sales:write"])
    new = await rotated(service, tenant.token(), old.id, request_id="once")
    assert new == await rotated(service, tenant.token(), old.id, request_id="once")
    await refusal(service, old.secret)
    bearer = await service.authenticate(new.secret)
    assert (bearer.role, bearer.scopes, new.label) == (Role.ROLE_MANAGER, ("sales:write",), "till")
    with pytest.raises(Refused) as refused:
        await rotated(service, tenant.token(), old.id)
    assert refused.value.code == "api_key_over"


async def test_a_rotated_key_stays_good_for_the_overlap_that_was_asked_for(service: Any) -> None:
    tenant = await service.tenant()
    old = await service.key(tenant.token())
    new = await rotated(service, tenant.token(), old.id, overlap_seconds=1)
    assert (await service.authenticate(old.secret)).subject != (await service.authenticate(new.secret)).subject

    async def over() -> bool:
        try:
            await service.authenticate(old.secret)
        except Unauthenticated:
            return True
        return False

    await eventually(over)
    await service.authenticate(new.secret)


async def test_an_admin_does_not_rotate_the_owners_key(service: Any) -> None:
    tenant = await service.tenant()
    key = await service.key(tenant.token(), Role.ROLE_OWNER)
    with pytest.raises(Forbidden):
        await rotated(service, tenant.token(Role.ROLE_ADMIN), key.id)
    await service.authenticate(key.secret)


async def test_a_key_ends_at_the_time_that_it_was_given(service: Any) -> None:
    tenant = await service.tenant()
    end = Timestamp()
    end.FromDatetime(datetime.now(UTC) + timedelta(seconds=60))
    key = await service.key(tenant.token(), expires_at=end)
    answer = await service.call(service.identities.Authenticate, AuthenticateRequest(credential=key.secret))
    assert abs(answer.expires_at.seconds - end.seconds) <= 2
    with pytest.raises(Invalid) as refused:
        await service.key(tenant.token(), expires_at=Timestamp(seconds=1))
    assert refused.value.code == "expired_already"


async def test_a_scoped_key_does_what_its_scopes_say(service: Any) -> None:
    tenant = await service.tenant()
    reader = await service.key(tenant.token(), Role.ROLE_OWNER, scopes=["sales:read"])
    await service.call(service.businesses.GetBusiness, GetBusinessRequest(), reader.secret)
    with pytest.raises(Forbidden) as refused:
        await service.key(reader.secret)
    assert (refused.value.code, refused.value.context) == ("scope_missing", {"scope": "sales:write"})
    elsewhere = await service.key(tenant.token(), Role.ROLE_OWNER, scopes=["orders:write"])
    with pytest.raises(Forbidden):
        await service.call(service.businesses.GetBusiness, GetBusinessRequest(), elsewhere.secret)


async def test_one_key_is_read_without_its_secret_and_by_its_own_business(service: Any) -> None:
    one, other = await service.tenant(), await service.tenant()
    key = await service.key(one.token())
    found = (await service.call(service.keys.GetApiKey, GetApiKeyRequest(id=key.id), one.token())).api_key
    assert (found.prefix, found.secret) == (key.prefix, "")
    for method, request in (
        (service.keys.GetApiKey, GetApiKeyRequest(id=key.id)),
        (service.keys.RotateApiKey, RotateApiKeyRequest(id=key.id)),
    ):
        with pytest.raises(NotFound):
            await service.call(method, request, other.token())


async def test_keys_of_another_business_are_out_of_sight_and_out_of_reach(service: Any) -> None:
    one, other = await service.tenant(), await service.tenant()
    key = await service.key(one.token())
    assert not (await listed(service, other)).items
    with pytest.raises(NotFound):
        await service.revoke(other.token(), key.id)
    await service.authenticate(key.secret)


async def test_keys_are_listed_newest_first_a_page_at_a_time(service: Any) -> None:
    tenant = await service.tenant()
    made = [(await service.key(tenant.token(), label=f"key {number}")).label for number in range(5)]
    labels, token = [], ""
    while labels == [] or token:
        answer = await listed(service, tenant, page_size=2, page_token=token)
        labels, token = [*labels, *(each.label for each in answer.items)], answer.next_page_token
    assert sorted(labels) == made
    assert labels[0] == made[-1]


@pytest.mark.parametrize("role", [Role.ROLE_MANAGER, Role.ROLE_STAFF, Role.ROLE_CUSTOMER])
async def test_whoever_is_below_admin_has_nothing_to_do_with_keys(service: Any, role: Role.ValueType) -> None:
    tenant = await service.tenant()
    with pytest.raises(Forbidden):
        await service.key(tenant.token(role))
    with pytest.raises(Forbidden):
        await service.call(service.keys.ListApiKeys, ListApiKeysRequest(), tenant.token(role))


@pytest.mark.parametrize(
    ("own", "role"),
    [(Role.ROLE_ADMIN, Role.ROLE_OWNER), (Role.ROLE_ADMIN, Role.ROLE_SERVICE), (Role.ROLE_OWNER, Role.ROLE_SERVICE)],
)
async def test_nobody_makes_a_key_above_his_own(service: Any, own: Role.ValueType, role: Role.ValueType) -> None:
    tenant = await service.tenant()
    with pytest.raises(Forbidden) as refused:
        await service.key(tenant.token(own), role)
    assert refused.value.code == "role_above_own"


async def test_an_admin_who_repeats_the_owners_call_does_not_get_the_owners_key(service: Any) -> None:
    tenant = await service.tenant()
    await service.key(tenant.token(), Role.ROLE_OWNER, request_id="first")
    with pytest.raises(Forbidden):
        await service.key(tenant.token(Role.ROLE_ADMIN), Role.ROLE_OWNER, request_id="first")


async def test_an_operator_makes_a_key_for_the_business_that_he_names(service: Any) -> None:
    tenant = await service.tenant()
    key = await service.key(service.operator, Role.ROLE_OWNER, business=tenant.code)
    assert (await service.authenticate(key.secret)).business_id == tenant.id
    with pytest.raises(NotFound) as unknown:
        await service.key(service.operator, Role.ROLE_OWNER, business="nobody")
    assert unknown.value.code == "unknown_business"


async def test_an_operator_who_names_no_business_makes_keys_for_operators_only(service: Any) -> None:
    key = await service.key(service.operator, Role.ROLE_SERVICE)
    assert (await service.authenticate(key.secret)).business_id == NO_BUSINESS
    with pytest.raises(Invalid) as refused:
        await service.key(service.operator, Role.ROLE_OWNER)
    assert refused.value.code == "business_required"


@pytest.mark.parametrize("role", [Role.ROLE_OWNER, Role.ROLE_SERVICE])
async def test_whoever_is_bound_to_a_business_may_name_none(service: Any, role: Role.ValueType) -> None:
    one, other = await service.tenant(), await service.tenant()
    with pytest.raises(DomainError) as refused:
        await service.key(one.token(role), Role.ROLE_STAFF, business=other.code)
    assert refused.value.code == "business_not_allowed"


@pytest.mark.parametrize(
    ("role", "customer_id", "code"),
    [(Role.ROLE_CUSTOMER, "", "customer_id_required"), (Role.ROLE_STAFF, "c-1", "customer_id_not_allowed")],
)
async def test_a_customer_key_and_no_other_has_a_customer(
    service: Any, role: Role.ValueType, customer_id: str, code: str
) -> None:
    tenant = await service.tenant()
    with pytest.raises(Invalid) as refused:
        await service.key(tenant.token(), role, customer_id=customer_id)
    assert refused.value.code == code
