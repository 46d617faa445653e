"""One moment of all databases, after which nothing is missing that only NATS had."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import APIError

from comanda_cli.fleet.errors import FleetError
from kit import relay, streams

POLL_SECONDS = 0.05
STILL = "set local lock_timeout = '10s'; lock table outbox in share mode"
SNAPSHOT = "select pg_export_snapshot()"


@asynccontextmanager
async def one_moment(
    urls: Mapping[str, str], nats_url: str, prefix: str, patience: float
) -> AsyncIterator[Mapping[str, str]]:
    """Yields a snapshot of each database, good until the end of the block, all of one moment.

    Everything that was published before is then either handled, in the databases of those that it was for, or still in the
    outbox that it came from. Raises FleetError when consumers have not handled it within that many seconds.
    """
    async with AsyncExitStack() as stack:
        for url in urls.values():
            await (await stack.enter_async_context(connected(url))).execute(relay.KEEP)
        client = await streams.connect(nats_url, "backup")
        stack.push_async_callback(client.close)
        await _handled(client, prefix, patience)
        readers = {name: await stack.enter_async_context(connected(url)) for name, url in urls.items()}
        yield await _snapshots(urls, readers)


@asynccontextmanager
async def connected(url: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """Connects to a database until the end of the block."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def _handled(client: Client, prefix: str, patience: float) -> None:
    """Returns when every consumer is past what the streams hold now."""
    jetstream = client.jetstream()
    for stream in (f"{prefix}-events", f"{prefix}-directives"):
        last = (await jetstream.stream_info(stream)).state.last_seq
        try:
            async with asyncio.timeout(patience):
                while behind := await _behind(jetstream, stream, last):  # noqa: ASYNC110  # NATS tells nobody
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError as error:
            raise FleetError(
                f"{behind} has not handled what it was sent: see `comanda verify`, and try again"
            ) from error


async def _behind(jetstream: JetStreamContext, stream: str, last: int) -> str:
    """Returns the name of a consumer that has something to do up to that message, empty when there is none."""
    try:
        consumers = await jetstream.consumers_info(stream)
    except (APIError, TimeoutError) as error:
        return f"a consumer ({error!r})"
    for each in consumers:
        done = each.ack_floor.stream_seq if each.ack_floor else 0
        if done < last and (each.num_pending or each.num_ack_pending):
            return each.name
    return ""


async def _snapshots(
    urls: Mapping[str, str], readers: "Mapping[str, asyncpg.Connection[asyncpg.Record]]"
) -> Mapping[str, str]:
    """Takes the snapshots while nobody can commit anything that others are told of: for a few milliseconds."""
    async with AsyncExitStack() as stack:
        for name, url in urls.items():
            connection = await stack.enter_async_context(connected(url))
            await stack.enter_async_context(connection.transaction())
            try:
                await connection.execute(STILL)
            except asyncpg.LockNotAvailableError as error:
                raise FleetError(f"a transaction of {name} takes too long: try again") from error
        found = {}
        for name, reader in readers.items():
            await reader.execute("begin isolation level repeatable read read only")
            found[name] = str(await reader.fetchval(SNAPSHOT))
    return found
