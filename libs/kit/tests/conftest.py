"""A database with nothing but the machinery's tables, and what runs on it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid4

import asyncpg
import pytest
from nats.aio.client import Client

from comanda.orders.events.v1 import events_pb2
from kit import db, machinery, outbox
from kit.db import Database, Tx
from kit.identity import Identity
from kit.relay import Relay
from kit.testing import administer, at

BUSINESS = UUID(int=7)
CALLER = Identity(BUSINESS, 1, "key:test")


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    """The URL of a fresh database."""
    name = f"test_kit_{uuid4().hex[:12]}"
    administer(postgres_url, f'create database "{name}"')
    administer(at(postgres_url, name), machinery.CREATE_1)
    administer(at(postgres_url, name), "create table seen (position bigint generated always as identity, ref text)")
    yield at(postgres_url, name)
    administer(postgres_url, f'drop database "{name}" with (force)')


@dataclass
class Bench:
    """A database whose commits fill an outbox."""

    url: str
    prefix: str
    database: Database
    client: Client

    def relay(self) -> Relay:
        """A relay that polls fast."""
        return Relay(self.url, self.client, "test", poll_seconds=0.05)

    async def tell(self, aggregate: str, *refs: str) -> None:
        """Commits a transaction that tells of some events of an aggregate."""

        async def work(tx: Tx, _: asyncpg.Record) -> None:
            outbox.add(tx, aggregate, *(events_pb2.OrderCreated(ref=ref) for ref in refs))

        await self.database.run(work, identity=CALLER)

    async def rows(self, statement: str) -> "list[asyncpg.Record]":
        """Reads the database directly."""
        return await self.database.pool.fetch(statement)


@pytest.fixture
async def bench(url: str, nats: Client, stream_prefix: str) -> AsyncIterator[Bench]:
    """Ready to commit."""
    pool = await db.connect(url, 5)
    yield Bench(url, stream_prefix, Database(pool, partial(outbox.close, prefix=stream_prefix), lambda: None), nats)
    await pool.close()
