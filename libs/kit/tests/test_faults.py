"""Servers that die in the middle, each a test's own."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from comanda.orders.events.v1 import events_pb2
from embedded.nats import Nats
from embedded.postgres import Postgres
from kit import db, machinery, outbox, streams, tasks
from kit.consumer import Consumer, Received, on
from kit.db import Database, Tx
from kit.errors import Unavailable
from kit.identity import NO_BUSINESS
from kit.pull import Pull
from kit.relay import Relay
from kit.testing import eventually

Event = events_pb2.OrderCreated
PREFIX = "faults"
REFS = [f"R{index:03}" for index in range(120)]


@on(Event)
async def record(tx: Tx, batch: list[Received[Event]]) -> None:
    await tx.connection.execute("insert into seen (ref) select unnest($1::text[])", [e.message.ref for e in batch])


async def tell(database: Database, ref: str) -> None:
    """Commits one event, however often the database has to be asked."""

    async def work(tx: Tx, _: asyncpg.Record) -> None:
        told = "insert into told (ref) values ($1) on conflict do nothing returning 1"
        if await tx.connection.fetchval(told, ref):
            outbox.add(tx, "order/1", Event(ref=ref), business=NO_BUSINESS)

    while True:
        try:
            return await database.run(work)
        except Unavailable:
            await asyncio.sleep(0.05)


async def through(postgres: Postgres, nats: Nats, fault: Any) -> list[str]:
    """Sends REFS from commits to a handler while the fault happens; returns what the handler saw, in order."""
    connection = await asyncpg.connect(postgres.url)
    await connection.execute(f"{machinery.CREATE_1}; create table told (ref text primary key)")
    await connection.execute("create table seen (position bigint generated always as identity, ref text)")
    await connection.close()
    client = await streams.connect(nats.url, "faults")
    await streams.ensure(client.jetstream(), PREFIX)
    pool = await db.connect(postgres.url, 4)
    database = Database(pool, partial(outbox.close, prefix=PREFIX), lambda: None)
    stream, subjects = streams.filters(PREFIX, "test", Event)
    consumer = Consumer(record, Pull(client, stream, "test-OrderCreated", subjects, 20), database, "test")
    relay = Relay(postgres.url, client, "test", poll_seconds=0.05)
    loops = [asyncio.ensure_future(loop) for loop in (relay.run(), consumer.run())]
    for index, ref in enumerate(REFS):
        if index == len(REFS) // 2:
            await asyncio.to_thread(fault)
        await tell(database, ref)

    async def all_seen() -> bool:
        try:
            return await pool.fetchval("select count(distinct ref) from seen") == len(REFS)
        except db.LOST:
            return False

    await eventually(all_seen, seconds=60)
    seen = [row["ref"] for row in await pool.fetch("select ref from seen order by position")]
    await tasks.cancel(loops)
    await client.close()
    await pool.close()
    return seen


async def test_nothing_is_lost_doubled_or_reordered_when_nats_is_killed(tmp_path: Path) -> None:
    with Postgres(tmp_path / "pg") as postgres, Nats(tmp_path / "nats", sync_interval="always") as nats:

        def fault() -> None:
            nats.kill()
            nats.start()

        assert await through(postgres, nats, fault) == REFS


async def test_nothing_is_lost_doubled_or_reordered_when_postgresql_restarts(tmp_path: Path) -> None:
    with Postgres(tmp_path / "pg") as postgres, Nats(tmp_path / "nats") as nats:
        assert await through(postgres, nats, partial(postgres.restart, "immediate")) == REFS


async def test_a_transaction_whose_connection_dies_blocks_nobody(bench: Any) -> None:
    begun = asyncio.Event()

    async def holder(tx: Tx, _: asyncpg.Record) -> None:
        await tx.connection.execute("insert into idempotency_keys values ($1, 's', 'k', '', null, now())", NO_BUSINESS)
        begun.set()
        await asyncio.sleep(60)

    holding = asyncio.ensure_future(bench.database.run(holder))
    await begun.wait()
    connection = await asyncpg.connect(bench.url)
    kill = """select pg_terminate_backend(pid) from pg_stat_activity
        where state = 'idle in transaction' and datname = current_database()"""

    async def next_one(tx: Tx, _: asyncpg.Record) -> None:
        await tx.connection.execute("insert into idempotency_keys values ($1, 's', 'k', '', null, now())", NO_BUSINESS)

    waiting = asyncio.ensure_future(bench.database.run(next_one))
    await connection.execute(kill)
    await asyncio.wait_for(waiting, 25)
    await connection.close()
    holding.cancel()
    await asyncio.wait([holding])
