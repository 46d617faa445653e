"""OrderFeedService."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import grpc
from nats.aio.client import Client
from nats.aio.msg import Msg

from comanda.orders.events.v1 import events_pb2
from comanda.orders.v1 import feed_pb2 as pb
from comanda.orders.v1 import feed_pb2_grpc
from kit import streams
from kit.call import current
from kit.db import Database, Tx
from kit.rpc import rpc
from kit.server import Process
from kit.tasks import Backoff
from orders.queries import feed
from orders.queries import orders as order_lists

PACKAGE = events_pb2.DESCRIPTOR.package
BATCH = 100
WATCHED_SECONDS = 600.0
SETTLED_SECONDS = 0.5
SOONEST, LATEST = 0.02, 5.0
"""Seconds between looks when there was nothing new: soon after somebody said that there is, then seldom."""

Context = grpc.aio.ServicerContext[Any, Any]
T = TypeVar("T")


class OrderFeedService(feed_pb2_grpc.OrderFeedServiceServicer):
    """See the proto."""

    def __init__(self, database: Database, nats: Client, stream_prefix: str) -> None:
        self.database = database
        self._nats = nats
        self._prefix = stream_prefix
        self._watching: set[asyncio.Event] = set()
        self._leaving = False

    @classmethod
    def of(cls, process: Process) -> "OrderFeedService":
        """Returns the service of a process; its streams end when the process is told to stop."""
        made = cls(process.database, process.nats, process.settings.stream_prefix)
        process.leaving.append(made.leave)
        return made

    def leave(self) -> None:
        """Ends the streams: their clients go on elsewhere."""
        self._leaving = True
        for news in self._watching:
            news.set()

    @rpc
    async def PollOrders(self, tx: Tx, request: pb.PollOrdersRequest) -> pb.PollOrdersResponse:
        since = feed.read(request.since) if request.since else None
        await _settled(tx)
        if since is None:
            return pb.PollOrdersResponse(last_id=feed.written(await feed.end(tx)))
        rows, last = await feed.created(tx, since)
        return pb.PollOrdersResponse(orders=map(order_lists.listed, rows), last_id=feed.written(last))

    async def WatchOrders(
        self, request: pb.WatchOrdersRequest, _: Context
    ) -> AsyncGenerator[pb.WatchOrdersResponse, None]:
        async with self._told(current.get().identity.business_id) as news:
            since = feed.read(request.since) if request.since else await self._read(_settled_end)
            yield pb.WatchOrdersResponse(id=feed.written(since))
            over, pause = time.monotonic() + WATCHED_SECONDS, Backoff(SOONEST, LATEST)
            while time.monotonic() < over and not self._leaving:
                rows = await self._read(partial(feed.events, since=since, most=BATCH))
                for row in rows:
                    yield feed.happening(row)
                    since = feed.place(row)
                if not rows and await _wait(news, pause.next()):
                    pause.reset()

    async def ExportOrders(
        self, request: pb.ExportOrdersRequest, _: Context
    ) -> AsyncGenerator[pb.ExportOrdersResponse, None]:
        after = UUID(order_lists.FIRST_ID)
        while rows := await self._read(partial(order_lists.export, asked=request, after=after)):
            for row in rows:
                yield pb.ExportOrdersResponse(order=order_lists.listed(row))
            after = rows[-1]["id"]

    async def _read(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        return await self.database.read(work, current.get().identity)

    @asynccontextmanager
    async def _told(self, business: UUID) -> AsyncIterator[asyncio.Event]:
        """Gives an event that is set whenever something happens to an order of the business."""
        news = asyncio.Event()

        async def heard(_: Msg) -> None:
            news.set()

        subject = streams.events_of(self._prefix, PACKAGE, business)
        subscription = await self._nats.subscribe(subject, cb=heard)
        self._watching.add(news)
        try:
            yield news
        finally:
            self._watching.discard(news)
            await subscription.unsubscribe()


async def _settled_end(tx: Tx) -> feed.Place:
    await _settled(tx)
    return await feed.end(tx)


async def _settled(tx: Tx) -> None:
    """Waits for what was just written to be readable, so that a caller finds what he has done himself; but not for long."""
    end = time.monotonic() + SETTLED_SECONDS
    while time.monotonic() < end and await feed.unsettled(tx):  # noqa: ASYNC110  # another process decides, no event can tell
        await asyncio.sleep(SOONEST)


async def _wait(news: asyncio.Event, seconds: float) -> bool:
    """Returns at news, or after that many seconds; tells whether there was news."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await news.wait()
    told = news.is_set()
    news.clear()
    return told
