"""The issuer's keys, read from where it publishes them."""

import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from comanda.types.v1.options_pb2 import Role
from kit.errors import Unavailable
from sales import issuer
from sales.settings import Settings

KEY = generate_private_key(SECP256R1())
CLAIMS = {"iss": "https://issuer.example", "sub": "ana", "exp": int(time.time()) + 3600, "business": "padaria"}
TOKEN = jwt.encode(CLAIMS, KEY, algorithm="ES256", headers={"kid": "1"})


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing about it."""

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Where the keys are published."""
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key()))
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [{**public, "kid": "1", "use": "sig", "alg": "ES256"}]}))
    server = HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/jwks.json"
    server.shutdown()
    server.server_close()


def settings(address: str) -> Settings:
    return Settings(identity_private_key="x", jwt_issuer="https://issuer.example", jwt_jwks=address)


async def test_keys_are_read_from_an_address(address: str) -> None:
    found = issuer.of(settings(address))
    assert found
    bearer = await found.bearer(TOKEN)
    assert (bearer.business, bearer.subject, bearer.role) == ("padaria", "ana", Role.ROLE_UNSPECIFIED)


async def test_an_issuer_that_cannot_be_reached_is_no_reason_to_call_a_token_bad(unused_tcp_port: int) -> None:
    found = issuer.of(settings(f"http://127.0.0.1:{unused_tcp_port}/jwks.json"))
    assert found
    with pytest.raises(Unavailable):
        await found.bearer(TOKEN)


def test_half_a_configuration_is_refused() -> None:
    with pytest.raises(ValueError, match="COMANDA_JWT_JWKS"):
        issuer.of(settings(""))
