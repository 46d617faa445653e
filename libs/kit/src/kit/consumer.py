"""Handlers of messages: in batches, each message once in effect, a bad one never in the way of the others."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import asyncpg
import structlog
from google.protobuf.message import DecodeError, Message
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from opentelemetry.trace import SpanKind

from comanda.types.v1 import messaging_pb2
from kit import dead_letters, ids, metrics, tracing
from kit.db import Database, Tx
from kit.errors import Unavailable
from kit.pull import Pull
from kit.tasks import Backoff

LOG = structlog.get_logger()
M = TypeVar("M", bound=Message)
ATTEMPTS = 5
BACKOFF_SECONDS = 1.0

INBOX = """
    with fresh as (
        insert into inbox (business_id, consumer, message_id)
        select business_id, $1, message_id from unnest($2::uuid[], $3::text[]) as m (business_id, message_id)
        on conflict do nothing
        returning message_id
    )
    select now() as now, array(select message_id from fresh) as fresh
"""


@dataclass(frozen=True, slots=True)
class Received(Generic[M]):
    """A message and what is known of it."""

    business: UUID
    message: M
    id: str
    aggregate: str
    occurred_at: datetime
    directive_id: str = ""
    attempt: int = 0


Handle = Callable[[Tx, list[Received[M]]], Awaitable[None]]
GiveUp = Callable[[Tx, Received[M], BaseException], Awaitable[bool]]
"""Asked when a single message fails; True: it is settled in this transaction. False: it is tried again, then a dead letter."""


@dataclass(frozen=True, slots=True)
class Handler(Generic[M]):
    """What is done with the messages of one type."""

    type: type[M]
    handle: Handle[M]
    give_up: GiveUp[M] | None = None

    @property
    def name(self) -> str:
        """The message's short name; part of the durable consumer's name, so it must not change."""
        return self.type.DESCRIPTOR.name


def on(message: type[M]) -> Callable[[Handle[M]], Handler[M]]:
    """Makes a function the handler of a message type: `async def f(tx, batch)`, everything in one transaction.

    The function may be called with fewer messages than arrived (those handled before are left out) and, when it raises, again with
    single ones; it must not have effects outside the transaction.
    """
    return lambda handle: Handler(message, handle)


class Consumer:
    """Runs one handler on what arrives for it, until cancelled."""

    def __init__(self, handler: Handler[Message], pull: Pull, database: Database, service: str) -> None:
        self._handler = handler
        self._pull = pull
        self._database = database
        self._service = service
        self._labels = (service, handler.name)

    async def run(self) -> None:
        """Handles batches until cancelled; a cancelled batch is rolled back and comes again."""
        async with aclosing(self._pull.batches()) as batches:
            async for batch in batches:
                await self._patiently(batch)

    async def _patiently(self, batch: Sequence[Msg]) -> None:
        """Handles a batch, however long the database is away."""
        pause = Backoff(0.2, 5)
        while True:
            try:
                return await self.handle([message for message in batch if not message.is_acked])
            except Unavailable:
                LOG.info("waiting for the database", handler=self._handler.name)
                await asyncio.sleep(pause.next())

    async def handle(self, batch: Sequence[Msg]) -> None:
        """Handles messages in one transaction; if that fails, one by one. Raises Unavailable when the database is away."""
        try:
            await self._together(batch)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001  # whatever a message provokes must not stop the others
            if len(batch) == 1:
                await self._failed(batch[0], error)
                return
            for message in batch:
                await self.handle([message])

    async def _together(self, batch: Sequence[Msg]) -> None:
        received = {each.id: each for each in map(self._received, batch)}

        async def work(tx: Tx, row: asyncpg.Record) -> None:
            fresh = [received[identifier] for identifier in row["fresh"]]
            metrics.DUPLICATES.labels(*self._labels).inc(len(batch) - len(fresh))
            if fresh:
                await self._handler.handle(tx, fresh)

        parents = map(_parent, batch if len(batch) == 1 or tracing.recording() else ())
        with tracing.span(self._handler.name, *parents, kind=SpanKind.CONSUMER):
            await self._database.run(
                work, INBOX, self._handler.name, [each.business for each in received.values()], list(received)
            )
        metrics.BATCH_SIZE.labels(*self._labels).observe(len(batch))
        for message in batch:
            await _acknowledge(message)

    def _received(self, message: Msg) -> "Received[Message]":
        envelope = messaging_pb2.Envelope.FromString(message.data)
        return Received(
            business=ids.uuid(envelope.business_id),
            message=self._handler.type.FromString(envelope.payload),
            id=envelope.id,
            aggregate=envelope.aggregate,
            occurred_at=envelope.occurred_at.ToDatetime(),
            directive_id=envelope.dispatch.directive_id,
            attempt=envelope.dispatch.attempt,
        )

    async def _failed(self, message: Msg, error: Exception) -> None:
        metrics.FAILURES.labels(*self._labels).inc()
        LOG.warning("message failed", handler=self._handler.name, subject=message.subject, exc_info=error)
        if self._handler.give_up and await self._given_up(message, error):
            await _acknowledge(message)
            return
        attempts = await dead_letters.note(self._database, self._handler.name, message.subject, message.data, error)
        if attempts < ATTEMPTS:
            with suppress(NatsError):
                await message.nak(delay=BACKOFF_SECONDS * 2**attempts)
            return
        metrics.DEAD_LETTERS.labels(*self._labels).inc()
        LOG.error("dead letter", handler=self._handler.name, subject=message.subject, error=repr(error))
        await _acknowledge(message)

    async def _given_up(self, message: Msg, error: Exception) -> bool:
        give_up = self._handler.give_up
        try:
            received = self._received(message)
        except (DecodeError, ValueError):
            return False

        async def work(tx: Tx, row: asyncpg.Record) -> bool:
            return give_up is not None and (not row["fresh"] or await give_up(tx, received, error))

        return await self._database.run(work, INBOX, self._handler.name, [received.business], [received.id])


async def _acknowledge(message: Msg) -> None:
    """Tells NATS that the message is dealt with; where that does not get through it comes again, and is known."""
    with suppress(NatsError):
        await message.ack()


def _parent(message: Msg) -> str:
    try:
        return messaging_pb2.Envelope.FromString(message.data).traceparent
    except DecodeError:
        return ""
