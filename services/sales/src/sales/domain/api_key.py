"""API keys: their form, their secrets, and who may hand out which (docs/decisions/api-keys.md)."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from comanda.types.v1.options_pb2 import Role
from kit.errors import Forbidden, Invalid, Refused

FORM = re.compile("ck_([0-9a-f]{32})_(.+)")
UNKNOWN = UUID(int=0)
NO_DIGEST = bytes(32)

EVERY_ROLE = frozenset(Role.values()) - {Role.ROLE_UNSPECIFIED}
GRANTABLE: Mapping[int, frozenset[Role.ValueType]] = {
    Role.ROLE_SERVICE: EVERY_ROLE,
    Role.ROLE_OWNER: EVERY_ROLE - {Role.ROLE_SERVICE},
    Role.ROLE_ADMIN: EVERY_ROLE - {Role.ROLE_SERVICE, Role.ROLE_OWNER},
}
"""Which roles the bearer of a role may give to a key: none above his own."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept: the digest of its secret, never the secret."""

    business_id: UUID
    id: UUID
    label: str
    role: Role.ValueType
    customer_id: str
    digest: bytes
    created_by: str
    created_at: datetime
    revoked_at: datetime | None = None
    scopes: Sequence[str] = ()
    """The only things that its bearer may do; all that its role may when empty."""
    expires_at: datetime | None = None
    """When it stops being good by itself."""

    @property
    def subject(self) -> str:
        """Who its bearer is, in events and audit rows."""
        return f"key:{self.id}"


def secret(private_key: bytes, key_id: UUID) -> str:
    """Returns the 256-bit secret of a key. It follows from the installation's private key, so nothing has to store it."""
    mac = hmac.digest(private_key, b"comanda api key 1:" + key_id.bytes, "sha256")
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def digest(secret: str) -> bytes:
    """Returns what is kept of a secret. One round of SHA-256 will do, since nobody can guess 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


def prefix(key_id: UUID) -> str:
    """Returns the part of a credential that is no secret."""
    return f"ck_{key_id.hex}"


def credential(key_id: UUID, secret: str) -> str:
    """Returns what the bearer shows."""
    return f"{prefix(key_id)}_{secret}"


def parse(credential: str) -> tuple[UUID, str]:
    """Returns the id and the secret of a credential; an id that no key has where it lacks the form of one."""
    found = FORM.fullmatch(credential)
    return (UUID(found[1]), found[2]) if found else (UNKNOWN, credential)


def good(key: ApiKey, now: datetime) -> bool:
    """Tells whether the key opens anything at that time."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)


def opens(key: ApiKey | None, secret: str, now: datetime) -> bool:
    """Tells whether the secret is the key's and the key still good; takes the same time whatever is wrong."""
    same = hmac.compare_digest(digest(secret), key.digest if key else NO_DIGEST)
    return same and key is not None and good(key, now)


def successor(key: ApiKey, key_id: UUID, private_key: bytes, actor: str, now: datetime) -> ApiKey:
    """Returns a new key that may do what the key may; raises Refused(`api_key_over`) when that is no longer good."""
    if not good(key, now):
        raise Refused("api_key_over", id=str(key.id))
    fresh = digest(secret(private_key, key_id))
    return replace(key, id=key_id, digest=fresh, created_by=actor, created_at=now)


def end_of_overlap(key: ApiKey, overlap: timedelta, now: datetime) -> datetime:
    """Returns when a key that got a successor stops being good: never later than it would have by itself."""
    end = now + overlap
    return min(end, key.expires_at) if key.expires_at else end


def check_grant(own_role: int, own_scopes: Sequence[str], role: int, customer_id: str, scopes: Sequence[str]) -> None:
    """Raises Forbidden (`role_above_own`, `scope_above_own`) or Invalid unless such an owner may make such a key."""
    if role not in GRANTABLE.get(own_role, frozenset()):
        raise Forbidden("role_above_own", role=name(role), own_role=name(own_role))
    if own_scopes and (not scopes or not set(scopes) <= reach(own_scopes)):
        raise Forbidden("scope_above_own", own_scopes=" ".join(own_scopes))
    if role == Role.ROLE_CUSTOMER and not customer_id:
        raise Invalid("customer_id_required")
    if role != Role.ROLE_CUSTOMER and customer_id:
        raise Invalid("customer_id_not_allowed", role=name(role))


def reach(scopes: Sequence[str]) -> set[str]:
    """Returns the scopes with those that they include: who may write may read."""
    return {*scopes, *(scope.replace(":write", ":read") for scope in scopes)}


def name(role: int) -> str:
    """Returns the short name of a role, such as `manager`."""
    return Role.Name(role).removeprefix("ROLE_").lower()  # type: ignore[arg-type]  # an open enum


def role(name: str) -> Role.ValueType:
    """Returns the role of a short name; raises ValueError."""
    return Role.Value(f"ROLE_{name.upper()}")
