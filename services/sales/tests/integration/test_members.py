"""People come in by tokens of the configured issuer, as the members that they are."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comanda.sales.v1.businesses_pb2 import GetBusinessRequest
from comanda.sales.v1.members_pb2 import (
    CreateMemberRequest,
    GetMemberRequest,
    ListMembersRequest,
    Member,
    UpdateMemberRequest,
)
from comanda.types.v1.messaging_pb2 import IdentityRevoked
from comanda.types.v1.options_pb2 import Role
from kit.errors import Duplicate, Forbidden, NotFound, Unauthenticated
from kit.identity import Identity
from kit.testing import eventually

ISSUER, AUDIENCE = "https://issuer.example", "comanda"
KEY, STRANGER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


@pytest.fixture
def more_settings(tmp_path: Path) -> dict[str, str]:
    """An issuer whose keys stand in a file."""
    public = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(KEY.public_key()))
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [{**public, "kid": "1", "use": "sig", "alg": "EdDSA"}]}))
    return {
        "jwt_issuer": ISSUER,
        "jwt_audience": AUDIENCE,
        "jwt_jwks": str(tmp_path / "jwks.json"),
        "jwt_role_claim": "role",
    }


def shown(business: str, subject: str, key: Ed25519PrivateKey = KEY, kid: str = "1", **claims: Any) -> str:
    """A token of the issuer."""
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "exp": int(time.time()) + 60, "business": business}
    kept = {name: value for name, value in (said | claims).items() if value is not None}
    return jwt.encode(kept, key, algorithm="EdDSA", headers={"kid": kid})


async def add(service: Any, tenant: Any, role: Any = Role.ROLE_MANAGER, token: str = "", **fields: Any) -> Member:
    request = CreateMemberRequest(name="Ana", role=role, **fields)
    made: Member = (await service.call(service.members.CreateMember, request, token or tenant.token())).member
    return made


async def update(service: Any, token: str, member: Member, **fields: Any) -> Member:
    request = UpdateMemberRequest(id=member.id, **fields)
    changed: Member = (await service.call(service.members.UpdateMember, request, token)).member
    return changed


async def test_a_member_comes_in_by_his_token_in_the_role_of_his_row(service: Any) -> None:
    tenant = await service.tenant()
    member = await add(service, tenant, subject="ana")
    bearer = await service.authenticate(shown(tenant.code, "ana", role="owner"))
    assert bearer == Identity(tenant.id, Role.ROLE_MANAGER, f"member:{member.id}")
    found = await service.call(service.businesses.GetBusiness, GetBusinessRequest(), shown(tenant.code, "ana"))
    assert found.business.code == tenant.code


async def test_somebody_who_is_no_member_has_the_role_that_his_token_gives(service: Any) -> None:
    tenant = await service.tenant()
    bearer = await service.authenticate(shown(tenant.code, "rui", role="staff"))
    assert bearer == Identity(tenant.id, Role.ROLE_STAFF, "token:rui")


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "service"},
        {"role": "customer"},
        {"role": None},
        {"role": "staff", "business": "nobody"},
        {"role": "staff", "business": None},
        {"role": "staff", "business": "a\0b"},
        {"role": "staff", "sub": "\ud800"},
        {"role": "staff", "sub": ""},
        {"role": "staff", "sub": "a" * 201},
        {"role": "staff", "iss": "https://elsewhere.example"},
        {"role": "staff", "aud": "others"},
        {"role": "staff", "exp": 1},
        {"role": "staff", "exp": None},
        {"role": "staff", "key": STRANGER},
        {"role": "staff", "kid": "2"},
    ],
)
async def test_a_token_that_is_not_good_opens_nothing(service: Any, wrong: dict[str, Any]) -> None:
    tenant = await service.tenant()
    with pytest.raises(Unauthenticated):
        await service.authenticate(shown(**{"business": tenant.code, "subject": "rui"} | wrong))


@pytest.mark.parametrize("expiry", [10**15, 1e300, "33333333333"])
async def test_a_token_may_expire_beyond_all_clocks(service: Any, expiry: float | str) -> None:
    tenant = await service.tenant()
    assert await service.authenticate(shown(tenant.code, "rui", role="staff", exp=expiry))


async def test_a_token_signed_by_the_published_key_as_a_secret_opens_nothing(service: Any) -> None:
    tenant = await service.tenant()
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "x", "exp": 2**33, "business": tenant.code, "role": "owner"}
    forged = jwt.encode(claims, KEY.public_key().public_bytes_raw(), algorithm="HS256", headers={"kid": "1"})
    with pytest.raises(Unauthenticated):
        await service.authenticate(forged)


async def test_an_inactive_member_is_shut_out_at_once_whatever_his_token_says(service: Any) -> None:
    tenant = await service.tenant()
    member = await add(service, tenant, subject="ana")
    token = shown(tenant.code, "ana", role="owner")
    await service.call(service.businesses.GetBusiness, GetBusinessRequest(), token)
    await update(service, tenant.token(), member, is_active=False)
    with pytest.raises(Unauthenticated):
        await service.authenticate(token)
    assert await eventually(lambda: service.published(IdentityRevoked)) == [
        (tenant.id, IdentityRevoked(subject=f"member:{member.id}"))
    ]


async def test_a_new_name_ends_no_token(service: Any) -> None:
    tenant = await service.tenant()
    member = await add(service, tenant, subject="ana")
    changed = await update(service, tenant.token(), member, name="Ana Lima", email="ana@example.com")
    assert (changed.name, changed.email, changed.role) == ("Ana Lima", "ana@example.com", Role.ROLE_MANAGER)
    assert not await service.rows("select from outbox where message::text like '%IdentityRevoked%'")
    assert not await service.published(IdentityRevoked)


async def test_address_and_subject_are_unique_within_a_business_only(service: Any) -> None:
    one, other = await service.tenant(), await service.tenant()
    for tenant in (one, other):
        await add(service, tenant, email="ana@example.com", subject="ana")
    with pytest.raises(Duplicate) as refused:
        await add(service, one, email="ANA@example.com")
    assert refused.value.code == "duplicate_email"
    with pytest.raises(Duplicate) as refused:
        await add(service, one, subject="ana")
    assert refused.value.code == "duplicate_subject"
    assert (await service.authenticate(shown(other.code, "ana"))).business_id == other.id


async def test_nobody_makes_members_above_himself_or_changes_one(service: Any) -> None:
    tenant = await service.tenant()
    owner = await add(service, tenant, Role.ROLE_OWNER)
    admin = tenant.token(Role.ROLE_ADMIN)
    with pytest.raises(Forbidden) as refused:
        await add(service, tenant, Role.ROLE_OWNER, admin)
    assert refused.value.code == "member_above_own"
    with pytest.raises(Forbidden):
        await update(service, admin, owner, role=Role.ROLE_STAFF)
    with pytest.raises(Forbidden):
        await add(service, tenant, Role.ROLE_STAFF, tenant.token(Role.ROLE_MANAGER))


async def test_members_are_seen_by_their_own_business_only(service: Any) -> None:
    one, other = await service.tenant(), await service.tenant()
    member = await add(service, one, subject="ana")
    await add(service, one, Role.ROLE_STAFF)
    [found] = (
        await service.call(service.members.ListMembers, ListMembersRequest(role=[Role.ROLE_MANAGER]), one.token())
    ).items
    assert found == member
    assert not (await service.call(service.members.ListMembers, ListMembersRequest(), other.token())).items
    with pytest.raises(NotFound):
        await service.call(service.members.GetMember, GetMemberRequest(id=member.id), other.token())
    with pytest.raises(NotFound):
        await update(service, other.token(), member, name="Mine")
