"""JSON web tokens of a configured issuer, as the alternative to API keys (docs/decisions/identity.md)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import time
from typing import Any

import jwt

from comanda.types.v1.options_pb2 import Role
from kit.errors import Unauthenticated, Unavailable
from kit.identity import LIFETIME
from sales.domain import api_key
from sales.settings import Settings

# Asymmetric ones only: a key that is published must not be one that signs.
ALGORITHMS = ["RS256", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
LONGEST = 200
BY_TOKEN = api_key.EVERY_ROLE - {Role.ROLE_SERVICE, Role.ROLE_CUSTOMER}


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a good token says of its bearer. The role is 0 where tokens give none."""

    business: str
    subject: str
    role: Role.ValueType
    lifetime: timedelta
    """For how long that may be believed."""


KeyOf = Callable[[str], jwt.PyJWK]
"""Finds the key that a token names; raises PyJWTError."""


class Issuer:
    """Checks tokens by the issuer's published keys."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._key = _published(settings.jwt_jwks)

    async def bearer(self, token: str) -> Bearer:
        """Returns the bearer of a token; raises Unauthenticated, or Unavailable when the issuer's keys cannot be had."""
        try:
            claims = await asyncio.to_thread(self._claims, token)
        except jwt.PyJWKClientConnectionError as error:
            raise Unavailable("unavailable", retry_after=5) from error
        except jwt.PyJWTError as error:
            raise Unauthenticated("unauthenticated", reason=f"the token is not good ({error})") from error
        # Any number may stand in exp, or a text of one: what is too far for a timedelta counts as the longest.
        lifetime = timedelta(seconds=min(LIFETIME.total_seconds(), int(claims["exp"]) - time()))
        business, subject = _text(claims, self._settings.jwt_business_claim), _text(claims, "sub")
        return Bearer(business, subject, self._role(claims), lifetime)

    def _claims(self, token: str) -> dict[str, Any]:
        return jwt.decode(
            token,
            self._key(token),
            algorithms=ALGORITHMS,
            issuer=self._settings.jwt_issuer,
            audience=self._settings.jwt_audience or None,
            options={"require": ["exp", "sub", "iss"], "verify_aud": bool(self._settings.jwt_audience)},
        )

    def _role(self, claims: dict[str, Any]) -> Role.ValueType:
        named = claims.get(self._settings.jwt_role_claim) if self._settings.jwt_role_claim else None
        return next((role for role in BY_TOKEN if api_key.name(role) == named), Role.ROLE_UNSPECIFIED)


def _text(claims: dict[str, Any], name: str) -> str:
    """Returns a claim; raises Unauthenticated where it is no text that could name anybody: NUL and its like cannot be looked up."""
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST or not value.isprintable():
        raise Unauthenticated("unauthenticated", reason=f"the token has no good {name}")
    return value


def _published(jwks: str) -> KeyOf:
    """Returns what finds keys at an address, where they are asked for again when a token names an unknown one, or in a file."""
    if "://" in jwks:
        return jwt.PyJWKClient(jwks, timeout=5).get_signing_key_from_jwt

    def in_file(token: str) -> jwt.PyJWK:
        named = jwt.get_unverified_header(token).get("kid", "")
        keys = jwt.PyJWKSet.from_json(Path(jwks).read_text()).keys
        if found := [key for key in keys if key.key_id == named]:
            return found[0]
        raise jwt.PyJWKClientError(f"no key {named!r} is published")

    return in_file


def of(settings: Settings) -> Issuer | None:
    """Returns the issuer that is configured, if one is; raises ValueError where half of it is."""
    if bool(settings.jwt_issuer) != bool(settings.jwt_jwks):
        raise ValueError("set both COMANDA_JWT_ISSUER and COMANDA_JWT_JWKS, or neither")
    return Issuer(settings) if settings.jwt_issuer else None
