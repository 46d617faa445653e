"""API keys: their form, their secrets, and who may hand out which (docs/decisions/api-keys.md)."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from comanda.types.v1.options_pb2 import Role
from kit.errors import Forbidden, Invalid

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


def opens(key: ApiKey | None, secret: str) -> bool:
    """Tells whether the secret is the key's and the key still good; takes the same time whatever is wrong."""
    same = hmac.compare_digest(digest(secret), key.digest if key else NO_DIGEST)
    return same and key is not None and key.revoked_at is None


def check_grant(granter: int, role: int, customer_id: str) -> None:
    """Raises Forbidden(`role_above_own`) or Invalid unless a bearer of one role may make such a key."""
    if role not in GRANTABLE.get(granter, frozenset()):
        raise Forbidden("role_above_own", role=name(role), own_role=name(granter))
    if role == Role.ROLE_CUSTOMER and not customer_id:
        raise Invalid("customer_id_required")
    if role != Role.ROLE_CUSTOMER and customer_id:
        raise Invalid("customer_id_not_allowed", role=name(role))


def name(role: int) -> str:
    """Returns the short name of a role, such as `manager`."""
    return Role.Name(role).removeprefix("ROLE_").lower()  # type: ignore[arg-type]  # an open enum


def role(name: str) -> Role.ValueType:
    """Returns the role of a short name; raises ValueError."""
    return Role.Value(f"ROLE_{name.upper()}")
