"""From a commit to a handler: nothing lost, nothing twice in effect, nothing out of order for one aggregate."""

import asyncio
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from comanda.orders.events.v1 import events_pb2
from kit import dead_letters, outbox, streams, tasks
from kit.consumer import ATTEMPTS, Consumer, Handler, Received, on
from kit.db import Tx
from kit.errors import Unavailable
from kit.pull import Pull
from kit.relay import Reading
from kit.testing import eventually

Event = events_pb2.OrderCreated


def recorder(poison: str = "") -> Handler[Any]:
    """A handler that writes down what it sees, in order, and cannot digest one of them."""

    @on(Event)
    async def record(tx: Tx, batch: list[Received[Event]]) -> None:
        refs = [each.message.ref for each in batch]
        await tx.connection.execute("insert into seen (ref) select unnest($1::text[])", refs)
        if poison in refs:
            raise ValueError("indigestible")

    return record


def consumer(bench: Any, handler: Handler[Any]) -> Consumer:
    stream, subjects = streams.filters(bench.prefix, "test", handler.type)
    return Consumer(handler, Pull(bench.client, stream, f"test-{handler.name}", subjects, 50), bench.database, "test")


@asynccontextmanager
async def running(*loops: Any) -> Any:
    started = [asyncio.ensure_future(loop) for loop in loops]
    yield started
    await tasks.cancel(started)


async def seen(bench: Any) -> list[str]:
    return [row["ref"] for row in await bench.rows("select ref from seen order by position")]


async def until(bench: Any, refs: list[str]) -> None:
    async def all_there() -> bool:
        return len(await seen(bench)) >= len(refs)

    await eventually(all_there)
    assert await seen(bench) == refs


async def test_messages_of_one_aggregate_arrive_in_the_order_of_their_commits(bench: Any) -> None:
    refs = [f"R{index}" for index in range(40)]
    for index in range(0, 40, 2):
        await bench.tell("order/1", *refs[index : index + 2])
    async with running(bench.relay().run(), consumer(bench, recorder()).run()):
        await until(bench, refs)

    async def empty() -> bool:
        return not await bench.rows("select 1 from outbox")

    async with running(bench.relay().run()):
        await eventually(empty)


async def test_a_rolled_back_transaction_publishes_nothing(bench: Any) -> None:
    async def work(tx: Tx, _: asyncpg.Record) -> None:
        outbox.add(tx, "order/1", Event(ref="never"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await bench.database.run(work)
    assert not await bench.rows("select 1 from outbox")


async def test_a_relay_that_dies_between_publishing_and_removing_causes_no_second_effect(bench: Any) -> None:
    refs = [f"R{index}" for index in range(10)]
    await bench.tell("order/1", *refs)
    connection = await asyncpg.connect(bench.url)
    await bench.relay().publish(connection, Reading())
    await connection.close()
    assert len(await bench.rows("select 1 from outbox")) == len(refs)
    async with running(bench.relay().run(), consumer(bench, recorder()).run()):
        await bench.tell("order/1", "last")
        await until(bench, [*refs, "last"])


async def test_of_two_relays_one_leads_and_the_other_takes_over(bench: Any) -> None:
    first, second = bench.relay(), bench.relay()
    async with running(first.run()) as [leading]:

        async def leads() -> bool:
            return first.leads

        await eventually(leads)
        async with running(second.run()):
            assert not second.leads
            await tasks.cancel([leading])

            async def follows() -> bool:
                return second.leads

            await eventually(follows)


async def test_a_message_that_comes_twice_is_handled_once(bench: Any) -> None:
    handler = recorder()
    await bench.tell("order/1", "once")
    [row] = await bench.rows("select subject, message from outbox")
    jetstream = bench.client.jetstream()
    async with running(consumer(bench, handler).run()):
        for _ in range(3):  # without Nats-Msg-Id, so that JetStream lets all of them through
            await jetstream.publish(row["subject"], row["message"])
        await bench.tell("order/2", "after")
        async with running(bench.relay().run()):

            async def arrived() -> bool:
                return "after" in await seen(bench)

            await eventually(arrived)
    assert sorted(await seen(bench)) == ["after", "once"]


async def test_a_message_that_cannot_be_digested_holds_up_no_other_and_can_be_replayed(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.consumer.BACKOFF_SECONDS", 0.01)
    await bench.tell("order/1", "good", "poison", "fine")
    async with running(bench.relay().run(), consumer(bench, recorder("poison")).run()):

        async def given_up() -> Any:
            return await dead_letters.given_up(bench.database.pool, ATTEMPTS)

        [letter] = await eventually(given_up)
        assert "indigestible" in letter.last_error
        assert sorted(await seen(bench)) == ["fine", "good"]
    async with bench.database.pool.acquire() as connection:
        await dead_letters.replay(connection, letter.message_id, prefix=bench.prefix, service="test", attempts=ATTEMPTS)
    async with running(bench.relay().run(), consumer(bench, recorder()).run()):
        await until(bench, ["good", "fine", "poison"])
    assert not await given_up()


async def test_a_database_that_goes_away_between_two_messages_of_a_batch_costs_neither(bench: Any) -> None:
    tried: list[list[str]] = []

    @on(Event)
    async def fussy(tx: Tx, batch: list[Received[Event]]) -> None:
        refs = [each.message.ref for each in batch]
        tried.append(refs)
        if len(refs) > 1:
            raise ValueError("one by one, please")
        if refs == ["second"] and tried.count(refs) == 1:
            raise Unavailable("unavailable")
        await tx.connection.execute("insert into seen (ref) values ($1)", refs[0])

    await bench.tell("order/1", "first")
    await bench.tell("order/2", "second")
    async with running(bench.relay().run()):
        await eventually(lambda: _nothing_waits(bench))
    async with running(consumer(bench, fussy).run()):
        await until(bench, ["first", "second"])
    assert tried.count(["first"]) == 1
    assert not await bench.rows("select 1 from dead_letters")


async def _nothing_waits(bench: Any) -> bool:
    return not await bench.rows("select 1 from outbox")


async def test_bytes_that_are_no_message_become_a_dead_letter(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.consumer.BACKOFF_SECONDS", 0.01)
    handler = recorder()
    _, subjects = streams.filters(bench.prefix, "test", handler.type)
    async with running(consumer(bench, handler).run()):
        await bench.client.jetstream().publish(subjects[0].replace("*", "x"), b"\xff\xff")

        async def given_up() -> Any:
            return await dead_letters.given_up(bench.database.pool, ATTEMPTS)

        await eventually(given_up)
