"""A standing pull on a JetStream consumer: takes what has arrived and never waits for a full batch."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.js import JetStreamContext, api

from kit.tasks import Backoff

LOG = structlog.get_logger()
EXPIRES = 20.0
ACK_WAIT = 30.0
STATUS = "Status"
RUN_OUT = ("404", "408")
"""The request's time is up; anything else (no such consumer, no JetStream) is looked at anew after a pause."""


class Pull:
    """A durable consumer that several processes share: each message goes to one of them, and again when it is not acknowledged."""

    def __init__(self, client: Client, stream: str, durable: str, subjects: Sequence[str], size: int) -> None:
        self._client = client
        self._jetstream: JetStreamContext = client.jetstream()
        self._stream = stream
        self._durable = durable
        self._subjects = list(subjects)
        self._size = size

    async def batches(self) -> AsyncIterator[list[Msg]]:
        """Yields what has arrived, at most `size` at a time, until cancelled; outages of NATS only delay it."""
        pause = Backoff(0.2, 5)
        while True:
            try:
                await self._ensure()
                inbox = await self._client.subscribe(
                    self._client.new_inbox(), pending_msgs_limit=-1, pending_bytes_limit=-1
                )
                try:
                    async for batch in self._from(inbox):
                        pause.reset()
                        yield batch
                finally:
                    await inbox.unsubscribe()
            except (NatsError, TimeoutError, OSError) as error:
                LOG.info("waiting for NATS", consumer=self._durable, error=repr(error))
            await asyncio.sleep(pause.next())

    async def _ensure(self) -> None:
        await self._jetstream.add_consumer(
            self._stream,
            api.ConsumerConfig(
                durable_name=self._durable,
                filter_subjects=self._subjects,
                ack_policy=api.AckPolicy.EXPLICIT,
                ack_wait=ACK_WAIT,
                max_ack_pending=10_000,
            ),
        )

    async def _from(self, inbox: Subscription) -> AsyncIterator[list[Msg]]:
        """Keeps one request standing; ends when the server stops answering, so that the caller begins anew."""
        await self._request(inbox)
        wanted = self._size
        while True:
            batch, status = await self._take(inbox)
            wanted -= len(batch)
            if batch:
                yield batch
            if status and status not in RUN_OUT:
                return
            if status or wanted <= 0:
                await self._request(inbox)
                wanted = self._size

    async def _take(self, inbox: Subscription) -> tuple[list[Msg], str]:
        """Returns what is there, waiting only for the first; and the server's last word on the request, if there is one."""
        first = await inbox.next_msg(timeout=EXPIRES + 5)
        arrived = [first]
        while inbox.pending_msgs:
            arrived.append(await inbox.next_msg(timeout=1))
        messages = [each for each in arrived if each.reply]
        words = [(each.headers or {}).get(STATUS, "") for each in arrived if not each.reply]
        return messages, words[-1] if words else ""

    async def _request(self, inbox: Subscription) -> None:
        request = {"batch": self._size, "expires": int(EXPIRES * 1e9)}
        await self._client.publish(
            f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._durable}",
            json.dumps(request).encode(),
            reply=inbox.subject,
        )
