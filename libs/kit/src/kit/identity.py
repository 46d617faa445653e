"""Who calls: a short-lived token, signed by the sales service (Ed25519), that every service checks for itself."""

import base64
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import time
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from jwt.types import Options

from comanda.types.v1 import options_pb2
from kit.errors import Unauthenticated
from kit.ids import uuid

ISSUER = "comanda"
LIFETIME = timedelta(seconds=120)
CACHED = 10_000
# Whether a token comes from the future is nothing that clocks of several machines can tell.
CHECKED: Options = {"require": ["exp", "iat", "sub"], "verify_iat": False}
NO_BUSINESS = UUID(int=0)

Exchange = Callable[[str], Awaitable[str]]
"""Turns a credential that is not an identity token (an API key) into an identity token; raises Unauthenticated."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified caller."""

    business_id: UUID
    """The tenant; NO_BUSINESS for an operator who named none."""
    role: int
    subject: str
    """Who exactly, such as `key:0199…` or `operator`; stands in events and audit rows."""
    customer_id: str = ""
    scopes: tuple[str, ...] = ()
    """The only things that the caller may do, such as `orders:read`; all that the role may when empty."""

    @property
    def role_name(self) -> str:
        """The role's short name, such as `manager`."""
        return role_name(self.role)


def role_name(role: int) -> str:
    """Returns the short name of a role number."""
    return options_pb2.Role.Name(role).removeprefix("ROLE_").lower()  # type: ignore[arg-type]  # an open enum


def sign(identity: Identity, key: Ed25519PrivateKey, lifetime: timedelta = LIFETIME) -> tuple[str, datetime]:
    """Returns a token for the identity and when it stops being good."""
    expires_at = datetime.now(UTC) + lifetime
    claims = {
        "iss": ISSUER,
        "sub": identity.subject,
        "exp": expires_at,
        "iat": time(),
        "biz": identity.business_id.hex,
        "role": identity.role,
        "cus": identity.customer_id,
        "scp": identity.scopes,
    }
    return jwt.encode(claims, key, algorithm="EdDSA"), expires_at


def new_private_key() -> str:
    """Returns a fresh Ed25519 private key in base64url."""
    return _encoded(Ed25519PrivateKey.generate().private_bytes_raw())


def private_key(text: str) -> Ed25519PrivateKey:
    """Reads a private key from base64url; raises ValueError."""
    return Ed25519PrivateKey.from_private_bytes(_decoded(text))


def public_key_of(text: str) -> str:
    """Returns the public half of a private key, both in base64url."""
    return _encoded(private_key(text).public_key().public_bytes_raw())


class Verifier:
    """Checks identity tokens; one that was good stays known until it expires, so that a signature is checked once."""

    def __init__(self, public_key: str, exchange: Exchange | None = None) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(_decoded(public_key))
        self._exchange = exchange
        self._known: OrderedDict[str, tuple[float, Identity]] = OrderedDict()
        self._revoked: dict[str, float] = {}

    async def identity(self, bearer: str) -> Identity:
        """Returns who the bearer of a token (or of another credential, where an exchange is at hand) is; raises Unauthenticated."""
        if (known := self._remembered(bearer)) is None and self._exchange and not _is_ours(bearer):
            bearer = await self._exchange(bearer)
            known = self._remembered(bearer)
        return known or self._verify(bearer)

    def revoke(self, subject: str, before: float) -> None:
        """Refuses the tokens of a caller that were made before a time, in seconds since 1970."""
        oldest = time() - LIFETIME.total_seconds()
        self._known = OrderedDict((token, known) for token, known in self._known.items() if known[1].subject != subject)
        self._revoked = {each: when for each, when in self._revoked.items() if when > oldest}
        self._revoked[subject] = max(before, self._revoked.get(subject, 0.0))

    def _remembered(self, bearer: str) -> Identity | None:
        known = self._known.get(bearer)
        return known[1] if known and known[0] > time() else None

    def _verify(self, token: str) -> Identity:
        try:
            claims = jwt.decode(token, self._key, algorithms=["EdDSA"], issuer=ISSUER, options=CHECKED)
        except jwt.PyJWTError as error:
            raise Unauthenticated("unauthenticated", reason=f"the token is not good ({error})") from error
        identity = _identity(claims)
        if claims["iat"] <= self._revoked.get(identity.subject, 0.0):
            raise Unauthenticated("unauthenticated", reason="the credential was revoked")
        self._known[token] = (claims["exp"], identity)
        while len(self._known) > CACHED:
            self._known.popitem(last=False)
        return identity


def _is_ours(bearer: str) -> bool:
    """Tells whether a bearer says of itself that it is an identity token; that it is a good one is another question."""
    if bearer.count(".") != 2:
        return False  # three parts make a JWT; an API key comes with every call, and is spared the attempt
    try:
        return bool(jwt.decode(bearer, options={"verify_signature": False}).get("iss") == ISSUER)
    except jwt.PyJWTError:
        return False


def _identity(claims: dict[str, Any]) -> Identity:
    return Identity(uuid(claims["biz"]), claims["role"], claims["sub"], claims["cus"], tuple(claims.get("scp", ())))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
