"""Passwords and keys of a home, made once and kept in a file that only its owner can read."""

import secrets
import uuid
from dataclasses import asdict, dataclass

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


def load(home: Home) -> Secrets:
    """Reads the home's secrets, or makes them."""
    kept = home.read("secrets")
    if kept is None:
        kept = asdict(_make())
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
    )
