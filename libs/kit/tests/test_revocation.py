"""Tokens of a caller who was shut out end everywhere, whoever listens and whenever he began to."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from nats.aio.client import Client

from comanda.types.v1 import options_pb2
from comanda.types.v1.messaging_pb2 import IdentityRevoked
from kit import identity, outbox, revocation, streams, tasks
from kit.errors import Unauthenticated
from kit.identity import Identity, Verifier
from kit.testing import eventually

PRIVATE = identity.new_private_key()
KEY = identity.private_key(PRIVATE)


def token_of(subject: str) -> str:
    return identity.sign(Identity(UUID(int=1), options_pb2.ROLE_OWNER, subject), KEY)[0]


async def revoke(client: Client, prefix: str, subject: str) -> None:
    wrapped = outbox.envelope(
        IdentityRevoked(subject=subject),
        identifier=str(uuid4()),
        business=UUID(int=1),
        aggregate="x",
        now=datetime.now(UTC),
    )
    await client.jetstream().publish(streams.subject(prefix, wrapped), wrapped.SerializeToString())


def refused(verifier: Verifier, token: str) -> Callable[[], "asyncio.Future[bool]"]:
    async def look() -> bool:
        try:
            await verifier.identity(token)
        except Unauthenticated:
            return True
        return False

    return lambda: asyncio.ensure_future(look())


async def test_a_revocation_is_heard_by_who_listens_and_by_who_comes_later(nats: Client, stream_prefix: str) -> None:
    verifiers = [Verifier(identity.public_key_of(PRIVATE)) for _ in range(2)]
    shut_out, other = token_of("key:1"), token_of("key:2")
    early = asyncio.ensure_future(revocation.follow(nats, stream_prefix, verifiers[0].revoke))
    for verifier in verifiers:
        await verifier.identity(shut_out)

    async def told() -> bool:
        await revoke(nats, stream_prefix, "key:1")
        return bool(await refused(verifiers[0], shut_out)())

    await eventually(told)
    late = asyncio.ensure_future(revocation.follow(nats, stream_prefix, verifiers[1].revoke))
    await eventually(refused(verifiers[1], shut_out))
    await tasks.cancel([early, late])
    for verifier in verifiers:
        assert (await verifier.identity(other)).subject == "key:2"


async def test_a_token_from_after_a_revocation_is_good() -> None:
    verifier = Verifier(identity.public_key_of(PRIVATE))
    before = token_of("member:1")
    verifier.revoke("member:1", datetime.now(UTC).timestamp())
    await verifier.identity(token_of("member:1"))
    with pytest.raises(Unauthenticated):
        await verifier.identity(before)


async def test_a_credential_that_is_no_token_of_ours_is_exchanged_once() -> None:
    asked: list[str] = []

    async def exchange(credential: str) -> str:
        asked.append(credential)
        return token_of("member:1")

    verifier = Verifier(identity.public_key_of(PRIVATE), exchange)
    foreign = identity.jwt.encode({"iss": "https://issuer.example", "sub": "ana"}, KEY, algorithm="EdDSA")
    for credential in (foreign, "ck_key", token_of("key:1")):
        await verifier.identity(credential)
    assert asked == [foreign, "ck_key"]
