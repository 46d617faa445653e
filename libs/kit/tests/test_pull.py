"""Who has a message: the process that took it for as long as it lives, and another within seconds when it is killed."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import ConsumerInfo

from embedded.nats import Nats
from kit import streams
from kit.pull import SILENCE, Arrivals, Pull
from kit.tasks import Rest
from kit.testing import eventually

DURABLE = "test-pull"
ACK_WAIT = 1.0


def subject(prefix: str) -> str:
    return f"{prefix}.events.pulled"


def pull(client: Client, prefix: str, ack_wait: float = ACK_WAIT) -> Pull:
    return Pull(client, f"{prefix}-events", DURABLE, [subject(prefix)], 50, ack_wait)


async def publish(client: Client, prefix: str, *texts: str) -> None:
    for text in texts:
        await client.jetstream().publish(subject(prefix), text.encode())


async def info(client: Client, prefix: str) -> ConsumerInfo:
    return await client.jetstream().consumer_info(f"{prefix}-events", DURABLE)


async def take(batches: AsyncIterator[list[Msg]], count: int) -> list[str]:
    """Takes and acknowledges until so many messages have come."""
    taken: list[str] = []
    while len(taken) < count:
        for message in await anext(batches):
            taken.append(message.data.decode())
            await message.ack()
    return taken


async def until(batches: AsyncIterator[list[Msg]], text: str) -> None:
    """Takes and acknowledges until that message has come; one whose acknowledgement was lost may come again before it."""
    while text not in await take(batches, 1):
        pass


@asynccontextmanager
async def killed_holder(nats_url: str, prefix: str) -> Any:
    """A process that holds the first messages, and is killed with SIGKILL on the way in."""
    arguments = [nats_url, f"{prefix}-events", DURABLE, subject(prefix), str(ACK_WAIT)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(Path(__file__).with_name("holder.py")), *arguments, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    held = int(await process.stdout.readline())
    process.kill()
    await process.wait()
    yield held


async def test_what_a_killed_process_held_comes_to_another_within_seconds(
    nats: Client, nats_url: str, stream_prefix: str
) -> None:
    texts = [f"M{index}" for index in range(20)]
    await publish(nats, stream_prefix, *texts)
    async with killed_holder(nats_url, stream_prefix) as held, aclosing(pull(nats, stream_prefix).batches()) as batches:
        began = time.monotonic()
        assert held
        assert sorted(await take(batches, len(texts))) == sorted(texts)
        assert time.monotonic() - began < ACK_WAIT + 3


async def test_a_batch_that_takes_long_is_delivered_once_and_so_is_what_waits_behind_it(
    nats: Client, stream_prefix: str
) -> None:
    await publish(nats, stream_prefix, "slow")
    async with aclosing(pull(nats, stream_prefix).batches()) as batches:
        [slow] = await anext(batches)
        await publish(nats, stream_prefix, "behind")
        sent = nats.stats["out_msgs"]

        async def asked_for_time_thrice_over() -> bool:
            return nats.stats["out_msgs"] >= sent + 2 * 3 * 3

        await eventually(asked_for_time_thrice_over)
        assert (await info(nats, stream_prefix)).num_redelivered == 0
        await slow.ack()
        assert await take(batches, 1) == ["behind"]

    async def settled() -> bool:
        return (await info(nats, stream_prefix)).num_ack_pending == 0

    await eventually(settled)


async def test_a_consumer_of_an_older_release_is_brought_up_to_date(nats: Client, stream_prefix: str) -> None:
    await publish(nats, stream_prefix, "1", "2")
    async with aclosing(pull(nats, stream_prefix, 30.0).batches()) as batches:
        assert await take(batches, 2) == ["1", "2"]
    await publish(nats, stream_prefix, "3")
    async with aclosing(pull(nats, stream_prefix).batches()) as batches:
        assert await take(batches, 1) == ["3"]
    assert (await info(nats, stream_prefix)).config.ack_wait == ACK_WAIT


async def test_a_consumer_that_waits_hears_again_soon_after_nats_was_killed(tmp_path: Path) -> None:
    with Nats(tmp_path / "nats", sync_interval="always") as server:
        client = await streams.connect(server.url, "test")
        await streams.ensure(client.jetstream(), "killed")
        async with aclosing(pull(client, "killed").batches()) as batches:
            await publish(client, "killed", "before")
            assert await take(batches, 1) == ["before"]
            waiting = asyncio.ensure_future(until(batches, "after"))
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            await eventually(lambda: _published(client))
            began = time.monotonic()
            await waiting
            assert time.monotonic() - began < SILENCE + 3
        await client.close()


async def _published(client: Client) -> bool:
    try:
        await publish(client, "killed", "after")
    except streams.NatsError:
        return False
    return True


async def test_a_consumer_ends_although_its_connection_has_ended_before(
    nats_url: str, nats: Client, stream_prefix: str
) -> None:
    own = await streams.connect(nats_url, "test")
    batches = pull(own, stream_prefix).batches()
    await publish(nats, stream_prefix, "a")
    assert await take(batches, 1) == ["a"]
    task = asyncio.ensure_future(take(batches, 1))
    await own.close()
    task.cancel()
    assert (await asyncio.wait([task], timeout=30))[1] == set()


async def test_what_comes_soon_after_a_batch_is_taken_together(nats: Client) -> None:
    arrivals = Arrivals(Rest(1.0))
    messages = [Msg(nats, "subject", data=bytes([number])) for number in range(3)]
    await arrivals.put(messages[0])
    assert await arrivals.take(SILENCE) == messages[:1]
    taking = asyncio.ensure_future(arrivals.take(SILENCE))
    await arrivals.put(messages[1])
    for _ in range(10):  # so that it has seen the first of the two
        await asyncio.sleep(0)
    await arrivals.put(messages[2])
    assert await taking == messages[1:]
