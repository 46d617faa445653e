"""What the relay reads, keeps, and publishes again."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from comanda.orders.events.v1 import events_pb2
from embedded import Nats
from kit import outbox, streams, tasks
from kit.consumer import Consumer, Received, on
from kit.db import Tx
from kit.identity import NO_BUSINESS
from kit.ids import uuid7
from kit.pull import Pull
from kit.relay import KEEP, Reading, Relay
from kit.testing import eventually

Event = events_pb2.OrderCreated


def rows(*positions: int) -> Any:
    return [{"position": position} for position in positions]


def positions(found: Any) -> list[int]:
    return [row["position"] for row in found]


def test_what_was_published_is_not_read_as_fresh() -> None:
    reading = Reading(held={1: 0.0})
    assert positions(reading.take(rows(1, 2))) == [2]


def test_positions_that_were_passed_over_are_looked_for_until_they_come() -> None:
    reading = Reading(floor=10)
    reading.take(rows(12, 15))
    assert (reading.floor, reading.gaps) == (15, {11, 13, 14})
    assert positions(reading.take(rows(13))) == [13]
    assert (reading.floor, reading.gaps) == (15, {11, 14})


def test_a_position_that_never_comes_is_given_up_by_the_second_review() -> None:
    reading = Reading(floor=10)
    reading.take(rows(12))
    reading.review([])
    assert reading.gaps == {11}
    reading.review([])
    assert reading.gaps == set()


def test_a_review_finds_what_no_reading_has_seen() -> None:
    reading = Reading(floor=10, held={9: 0.0})
    reading.review([3, 9])
    assert reading.gaps == {3}


def test_only_what_was_published_long_enough_ago_may_be_removed() -> None:
    assert Reading(held={1: 5.0, 2: 6.0}).published_before(5.5) == [1]


async def test_a_transaction_that_commits_late_is_published_by_the_next_reading(bench: Any) -> None:
    relaying, writing = await asyncpg.connect(bench.url), await asyncpg.connect(bench.url)
    reading, relay = Reading(), bench.relay()
    await bench.tell("order/1", "first")
    await relay.publish(relaying, reading)
    async with writing.transaction():
        subject = f"{bench.prefix}.events.{Event.DESCRIPTOR.full_name}.{NO_BUSINESS}"
        await writing.execute(outbox.INSERT, [NO_BUSINESS], [uuid7()], [subject], ["order/2"], [b""])
        await bench.tell("order/1", "second")
        await relay.publish(relaying, reading)
        assert len(reading.held) == 2
    await relay.publish(relaying, reading)
    assert len(reading.held) == 3
    await relaying.close()
    await writing.close()


async def test_what_was_published_stays_while_a_backup_is_made(bench: Any) -> None:
    backup, relay = await asyncpg.connect(bench.url), bench.relay()
    await backup.execute(KEEP)
    relaying, reading = await asyncpg.connect(bench.url), Reading()
    await bench.tell("order/1", "first")
    await relay.publish(relaying, reading)
    await relay.tidy(relaying, reading)
    assert len(reading.held) == len(await bench.rows("select from outbox")) == 1
    await backup.close()
    await eventually(lambda: tidied(relay, relaying, reading))
    assert await bench.rows("select from outbox") == []
    await relaying.close()


async def tidied(relay: Relay, connection: Any, reading: Reading) -> bool:
    """Tidies, and tells whether nothing is held any more."""
    await relay.tidy(connection, reading)
    return not reading.held


async def test_nothing_is_lost_when_nats_loses_what_it_acknowledged_last(bench: Any, tmp_path: Path) -> None:
    with Nats(tmp_path / "nats") as nats:
        client = await streams.connect(nats.url, "loser")
        await streams.ensure(client.jetstream(), bench.prefix)
        stream, subjects = streams.filters(bench.prefix, "test", Event)
        consumer = Consumer(record, Pull(client, stream, "test-OrderCreated", subjects, 20), bench.database, "test")
        relay = Relay(bench.url, client, "test", poll_seconds=0.05, hold_seconds=60)
        async with running(relay.run(), consumer.run()):
            await bench.tell("order/1", "kept")
            await until(bench, ["kept"])
            await asyncio.to_thread(nats.stop)
            shutil.copytree(tmp_path / "nats", tmp_path / "on the disk")
            await asyncio.to_thread(nats.start)
            await bench.tell("order/1", "lost")
            await until(bench, ["kept", "lost"])
            await bench.database.run(unsee)
            await asyncio.to_thread(nats.kill)
            shutil.rmtree(tmp_path / "nats")
            (tmp_path / "on the disk").rename(tmp_path / "nats")
            await asyncio.to_thread(nats.start)
            await until(bench, ["lost"])  # the copy on the disk knows the other one, and that it was handled
        await client.close()


async def unsee(tx: Tx, _: asyncpg.Record) -> None:
    """Makes the handler's database forget, so that it shows whether a message comes again."""
    await tx.connection.execute("truncate inbox, seen")


@on(Event)
async def record(tx: Tx, batch: list[Received[Event]]) -> None:
    """Writes down what comes."""
    refs = [each.message.ref for each in batch]
    await tx.connection.execute("insert into seen (ref) select unnest($1::text[])", refs)


@asynccontextmanager
async def running(*loops: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Runs loops meanwhile."""
    started = [asyncio.ensure_future(loop) for loop in loops]
    yield
    await tasks.cancel(started)


async def until(bench: Any, refs: list[str]) -> None:
    """Waits until the handler has seen these, in this order."""

    async def all_there() -> bool:
        return [row["ref"] for row in await bench.rows("select ref from seen order by position")] == refs

    await eventually(all_there)
