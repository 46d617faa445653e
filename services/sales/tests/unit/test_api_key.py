"""The form and the secrets of API keys."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comanda.types.v1.options_pb2 import Role
from kit.errors import Forbidden
from kit.identity import Identity
from sales.domain import api_key as domain
from sales.domain.api_key import ApiKey

PRIVATE = bytes(range(32))
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ID = UUID("0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000")
KEY = ApiKey(ID, ID, "", Role.ROLE_STAFF, "", domain.digest(domain.secret(PRIVATE, ID)), "operator", NOW)


@given(st.uuids())
def test_a_credential_is_taken_apart_as_it_was_put_together(key_id: UUID) -> None:
    secret = domain.secret(PRIVATE, key_id)
    assert domain.parse(domain.credential(key_id, secret)) == (key_id, secret)


@given(st.text())
def test_what_has_not_the_form_of_a_credential_is_the_key_of_nobody(text: str) -> None:
    assert domain.parse(text)[0] == domain.UNKNOWN


@given(st.uuids(), st.uuids())
def test_every_key_has_a_secret_of_its_own(one: UUID, other: UUID) -> None:
    assert (domain.secret(PRIVATE, one) == domain.secret(PRIVATE, other)) == (one == other)
    assert domain.secret(PRIVATE, one) != domain.secret(bytes(32), one)
    assert len(domain.secret(PRIVATE, one)) == 43


def test_a_key_opens_with_its_secret_and_no_other() -> None:
    secret = domain.secret(PRIVATE, ID)
    assert domain.opens(KEY, secret, NOW)
    assert not domain.opens(KEY, secret[:-1], NOW)
    assert not domain.opens(replace(KEY, revoked_at=NOW), secret, NOW)
    assert not domain.opens(None, secret, NOW)


def test_a_key_ends_at_its_time() -> None:
    secret, key = domain.secret(PRIVATE, ID), replace(KEY, expires_at=NOW)
    assert domain.opens(key, secret, NOW - timedelta(microseconds=1))
    assert not domain.opens(key, secret, NOW)


def test_a_key_that_has_a_successor_never_gains_time() -> None:
    assert domain.end_of_overlap(KEY, timedelta(hours=1), NOW) == NOW + timedelta(hours=1)
    key = replace(KEY, expires_at=NOW + timedelta(minutes=1))
    assert domain.end_of_overlap(key, timedelta(hours=1), NOW) == key.expires_at


@pytest.mark.parametrize(
    ("own", "wanted", "granted"),
    [
        ((), (), True),
        ((), ("sales:write",), True),
        (("sales:write",), ("sales:write",), True),
        (("sales:write",), ("sales:read",), True),
        (("sales:read",), ("sales:write",), False),
        (("sales:write",), ("orders:read",), False),
        (("sales:write",), (), False),
    ],
)
def test_nobody_hands_out_scopes_beyond_his_own(own: tuple[str, ...], wanted: tuple[str, ...], granted: bool) -> None:
    granter = Identity(ID, Role.ROLE_OWNER, "key:own", scopes=own)
    with nullcontext() if granted else pytest.raises(Forbidden, match="scope_above_own"):
        domain.check_grant(granter.role, granter.scopes, Role.ROLE_STAFF, "", wanted)


@pytest.mark.parametrize("role", Role.values())
def test_a_role_is_kept_by_its_name(role: Role.ValueType) -> None:
    assert domain.role(domain.name(role)) == role
