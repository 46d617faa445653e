"""The sales service in this process, on a real database and a real NATS."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import grpc
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

import sales
from comanda.sales.v1 import (
    audit_pb2_grpc,
    businesses_pb2,
    businesses_pb2_grpc,
    customers_pb2_grpc,
    identity_pb2,
    identity_pb2_grpc,
    members_pb2_grpc,
    payments_pb2_grpc,
)
from comanda.types.v1 import messaging_pb2, options_pb2
from kit import client, identity, server, tasks
from kit.identity import NO_BUSINESS, Identity
from sales.__main__ import run
from sales.settings import Settings

from .counter import DEADLINE, Counter, Shop, opened, running

PRIVATE_KEY = identity.new_private_key()


def token_of(business: UUID, role: int = options_pb2.ROLE_OWNER, subject: str = "key:test") -> str:
    """A token of a caller of the business."""
    return identity.sign(Identity(business, role, subject), identity.private_key(PRIVATE_KEY))[0]


@dataclass
class Tenant:
    """A business and tokens of callers of it."""

    id: UUID
    code: str

    def token(self, role: int = options_pb2.ROLE_OWNER) -> str:
        """A token of a caller in a role."""
        return token_of(self.id, role)


@dataclass
class Sales:
    """The running service and how to call it."""

    url: str
    seen: "list[messaging_pb2.Envelope]"
    businesses: businesses_pb2_grpc.BusinessServiceStub
    storefronts: businesses_pb2_grpc.StorefrontServiceStub
    keys: identity_pb2_grpc.ApiKeyServiceStub
    identities: identity_pb2_grpc.IdentityServiceStub
    members: members_pb2_grpc.MemberServiceStub
    customers: customers_pb2_grpc.CustomerServiceStub
    audit: audit_pb2_grpc.AuditServiceStub
    intents: payments_pb2_grpc.PaymentIntentServiceStub

    @property
    def operator(self) -> str:
        """A token of an operator."""
        return token_of(NO_BUSINESS, options_pb2.ROLE_SERVICE, "operator")

    async def call(self, method: Any, request: Any, token: str = "") -> Any:
        """Calls a stub's method; as an operator unless a token is given."""
        return await client.call(method, request, token or self.operator, deadline=DEADLINE)

    async def tenant(self, code: str = "") -> Tenant:
        """Creates a business."""
        code = code or f"b-{uuid4().hex[:8]}"
        request = businesses_pb2.CreateBusinessRequest(code=code, name=code)
        made = await self.call(self.businesses.CreateBusiness, request)
        return Tenant(UUID(made.business.id), code)

    async def key(self, token: str, role: int = options_pb2.ROLE_STAFF, **fields: Any) -> identity_pb2.ApiKey:
        """Creates an API key."""
        request = identity_pb2.CreateApiKeyRequest(role=role, **fields)  # type: ignore[arg-type]  # an open enum
        made: identity_pb2.ApiKey = (await self.call(self.keys.CreateApiKey, request, token)).api_key
        return made

    async def revoke(self, token: str, key_id: str) -> identity_pb2.ApiKey:
        """Revokes an API key."""
        request = identity_pb2.RevokeApiKeyRequest(id=key_id)
        revoked: identity_pb2.ApiKey = (await self.call(self.keys.RevokeApiKey, request, token)).api_key
        return revoked

    async def authenticate(self, credential: str) -> Identity:
        """Shows a credential and reads the token that it gets."""
        request = identity_pb2.AuthenticateRequest(credential=credential)
        answer = await client.call(self.identities.Authenticate, request)
        return await identity.Verifier(identity.public_key_of(PRIVATE_KEY)).identity(answer.identity_token)

    async def published(self, event: Any) -> "list[tuple[UUID, Any]]":
        """The events of a type that were published so far, each with its business."""
        return [
            (UUID(envelope.business_id), event.FromString(envelope.payload))
            for envelope in self.seen
            if envelope.type == event.DESCRIPTOR.full_name
        ]

    async def rows(self, statement: str, *arguments: Any) -> "list[asyncpg.Record]":
        """Reads the database directly."""
        connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()


@pytest.fixture
def more_settings() -> dict[str, str]:
    """What a test module sets beyond the usual."""
    return {}


@pytest.fixture
async def service(
    new_database: Callable[[ModuleType], str],
    nats: Client,
    nats_url: str,
    stream_prefix: str,
    unused_tcp_port_factory: Callable[[], int],
    more_settings: dict[str, str],
) -> AsyncIterator[Sales]:
    """The service, ready to be called."""
    url = new_database(sales)
    address, nobody = (f"127.0.0.1:{unused_tcp_port_factory()}" for _ in range(2))
    settings = Settings(
        database_url=url, nats_url=nats_url, listen=address, stream_prefix=stream_prefix, poll_seconds=0.1,
        identity_public_key=identity.public_key_of(PRIVATE_KEY), identity_private_key=PRIVATE_KEY, log_level="debug",
        inventory_address=nobody,
        **more_settings,
    )  # fmt: skip
    seen: list[messaging_pb2.Envelope] = []

    async def see(message: Msg) -> None:
        seen.append(messaging_pb2.Envelope.FromString(message.data))

    await nats.subscribe(f"{stream_prefix}.events.>", cb=see)
    async with AsyncExitStack() as stack:
        process = await stack.enter_async_context(server.process("sales", settings))
        # Nobody listens there: what needs the inventory has a fixture of its own (counter.py).
        inventory: grpc.aio.Channel = await stack.enter_async_context(client.channel(settings.inventory_address))
        serving = asyncio.ensure_future(run(process, settings, inventory))
        stack.push_async_callback(tasks.cancel, [serving])
        channel: grpc.aio.Channel = await stack.enter_async_context(client.channel(address))
        yield Sales(
            url, seen,
            businesses_pb2_grpc.BusinessServiceStub(channel), businesses_pb2_grpc.StorefrontServiceStub(channel),
            identity_pb2_grpc.ApiKeyServiceStub(channel), identity_pb2_grpc.IdentityServiceStub(channel),
            members_pb2_grpc.MemberServiceStub(channel), customers_pb2_grpc.CustomerServiceStub(channel),
            audit_pb2_grpc.AuditServiceStub(channel), payments_pb2_grpc.PaymentIntentServiceStub(channel),
        )  # fmt: skip


@pytest.fixture(scope="module")
def counter(
    postgres_url: str, nats_url: str, migrated: Callable[[ModuleType], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Counter]:
    """Sales and inventory as processes of their own, for a module; each test takes a business of its own."""
    with running(postgres_url, nats_url, migrated, tmp_path_factory.mktemp("counter"), PRIVATE_KEY) as found:
        yield found


@pytest.fixture
async def shop(counter: Counter) -> AsyncIterator[Shop]:
    """A business with a storefront and goods."""
    async with AsyncExitStack() as stack:
        found = await opened(stack, counter)
        await found.stock("CAFE", "50", retail_price_q=1000, wholesale_price_q=800, cost_q=600)
        await found.stock("LEITE", "50", retail_price_q=500, cost_q=300)
        yield found
