"""Passwords and keys of a home, made once and kept in a file that only its owner can read."""

import secrets
import uuid
from dataclasses import asdict, dataclass, fields

from comanda_cli.fleet.home import Home
from comanda_cli.fleet.services import SERVICES


@dataclass(frozen=True)
class Secrets:
    """What must not be seen: server passwords, a password per service's login, the key that signs identities."""

    postgres: str
    nats: str
    databases: dict[str, str]
    identity_private_key: str
    identity_public_key: str
    # Makes the requests of the first start the same ones when it is repeated.
    installation: str
    # Of the account in the Omie simulator, and the part of a path that nobody else knows.
    omie_app_key: str
    omie_app_secret: str
    omie_webhook_secret: str


def load(home: Home) -> Secrets:
    """Reads the home's secrets, and makes what is missing: all in a new home, some in one of an earlier version."""
    kept = home.read("secrets") or {}
    if set(kept) != {each.name for each in fields(Secrets)}:
        kept = asdict(_make()) | kept
        home.write("secrets", kept)
    return Secrets(**kept)


def _make() -> Secrets:
    # Imported late: only the first start needs it, and the supervisor stays small.
    from kit import identity

    private = identity.new_private_key()
    passwords = {service.name: secrets.token_urlsafe(18) for service in SERVICES}
    return Secrets(
        postgres=secrets.token_urlsafe(18),
        nats=secrets.token_urlsafe(18),
        databases=passwords,
        identity_private_key=private,
        identity_public_key=identity.public_key_of(private),
        installation=str(uuid.uuid4()),
        omie_app_key=str(secrets.randbelow(9 * 10**12) + 10**12),
        omie_app_secret=secrets.token_hex(16),
        omie_webhook_secret=secrets.token_urlsafe(24),
    )
