"""A standing pull on a JetStream consumer: takes what has arrived and never waits for a full batch."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext, api

from kit import tasks
from kit.tasks import Backoff, Rest

LOG = structlog.get_logger()
EXPIRES = 20.0
HEARTBEAT = 1.0
SILENCE = 3.0
"""Seconds without a heartbeat after which the server is taken to have forgotten the request, as one that was killed has."""
ACK_WAIT = 3.0
REST_SECONDS = 0.015
"""Least time between the end of a batch and the next: in dense traffic a few messages together cost little more than one."""
STATUS = "Status"
ALIVE = "100"
RUN_OUT = ("404", "408")
"""The request's time is up; anything else (no such consumer, no JetStream) is looked at anew after a pause."""


class Arrivals:
    """What the server has sent to one inbox and what of it is under way."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._waiting: list[Msg] = []
        self._taken: list[Msg] = []
        self._came = asyncio.Event()

    async def put(self, message: Msg) -> None:
        """Called for each message that comes."""
        self._waiting.append(message)
        self._came.set()

    async def take(self, seconds: float) -> list[Msg]:
        """Returns what has come, waiting only for the first; the batch before counts as settled. Raises TimeoutError.

        In dense traffic it comes back only after a rest, with what has come until then.
        """
        if self._taken:
            self._rest.begin()
        self._taken = []
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._came.wait()
        # Looked at even when the time is up: a busy process sees the message and the end of its patience together.
        if not self._waiting:
            raise TimeoutError(f"nothing came for {seconds} s")
        await self._rest.end()
        self._came.clear()
        self._taken, self._waiting = self._waiting, []
        return self._taken

    async def hold(self, seconds: float) -> None:
        """Says that often that what has come is being worked on, so that nobody else gets it meanwhile; until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            for message in [*self._taken, *self._waiting]:
                if message.reply and not message.is_acked:
                    with suppress(NatsError):
                        await message.in_progress()


class Pull:
    """A durable consumer that several processes share: each message goes to one of them.

    It goes to another when the first neither acknowledges it nor says, within `ack_wait` seconds, that it works on it.
    """

    def __init__(
        self,
        client: Client,
        stream: str,
        durable: str,
        subjects: Sequence[str],
        size: int,
        ack_wait: float = ACK_WAIT,
    ) -> None:
        self._client = client
        self._jetstream: JetStreamContext = client.jetstream()
        self._stream = stream
        self._durable = durable
        self._subjects = list(subjects)
        self._size = size
        self._ack_wait = ack_wait

    async def batches(self) -> AsyncGenerator[list[Msg], None]:
        """Yields what has arrived, about `size` at a time, until cancelled; outages of NATS only delay it."""
        pause = Backoff(0.2, 5)
        while True:
            try:
                await self._ensure()
                async with self._inbox() as (inbox, arrivals):
                    async for batch in self._from(inbox, arrivals):
                        pause.reset()
                        yield batch
            except (NatsError, TimeoutError, OSError) as error:
                LOG.info("waiting for NATS", consumer=self._durable, error=repr(error))
            await asyncio.sleep(pause.next())

    async def _ensure(self) -> None:
        """Makes the consumer, or brings one that exists up to date."""
        await self._jetstream.add_consumer(
            self._stream,
            api.ConsumerConfig(
                durable_name=self._durable,
                filter_subjects=self._subjects,
                ack_policy=api.AckPolicy.EXPLICIT,
                ack_wait=self._ack_wait,
                max_ack_pending=10_000,
            ),
        )

    @asynccontextmanager
    async def _inbox(self) -> AsyncIterator[tuple[str, Arrivals]]:
        inbox, arrivals = self._client.new_inbox(), Arrivals(Rest(REST_SECONDS))
        subscription = await self._client.subscribe(
            inbox, cb=arrivals.put, pending_msgs_limit=-1, pending_bytes_limit=-1
        )
        holding = asyncio.ensure_future(arrivals.hold(self._ack_wait / 3))
        try:
            yield inbox, arrivals
        finally:
            await tasks.cancel([holding])
            # Its failure would take the place of a cancellation; with the connection the subscription is gone anyway.
            with suppress(NatsError):
                await subscription.unsubscribe()

    async def _from(self, inbox: str, arrivals: Arrivals) -> AsyncGenerator[list[Msg], None]:
        """Keeps one request standing; ends when the server refuses it, so that the caller begins anew."""
        await self._request(inbox)
        wanted = self._size
        while True:
            arrived = await arrivals.take(SILENCE)
            batch = [each for each in arrived if each.reply]
            words = [word for each in arrived if not each.reply and (word := _status(each)) != ALIVE]
            wanted -= len(batch)
            if batch:
                yield batch
            if words and words[-1] not in RUN_OUT:
                return
            if words or wanted <= 0:
                await self._request(inbox)
                wanted = self._size

    async def _request(self, inbox: str) -> None:
        request = {"batch": self._size, "expires": int(EXPIRES * 1e9), "idle_heartbeat": int(HEARTBEAT * 1e9)}
        await self._client.publish(
            f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._durable}", json.dumps(request).encode(), reply=inbox
        )


def _status(message: Msg) -> str:
    return (message.headers or {}).get(STATUS, "")
