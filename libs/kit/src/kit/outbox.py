"""Messages that leave with their transaction: written beside the state, published after the commit, in order per aggregate."""

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import asyncpg
import structlog
from google.protobuf.message import Message
from nats.js import JetStreamContext

from comanda.types.v1 import messaging_pb2
from kit import metrics, streams, tracing
from kit.db import LOST, Tx
from kit.ids import uuid7
from kit.tasks import Backoff

LOG = structlog.get_logger()
WAKE = "outbox"
BATCH = 500
CONFIRMED_WITHIN = 3.0
"""Seconds after which what JetStream has not confirmed is published again, as when it was killed; it knows repeats by their id."""

INSERT = """
    insert into outbox (business_id, id, subject, aggregate, message)
    select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[])
"""
DUE = "select position, id, subject, aggregate, message, business_id, created_at from outbox order by position limit $1"
LEAD = "select pg_try_advisory_lock(hashtext('comanda relay'))"
DELETE = "delete from outbox where position = any($1::bigint[])"


def add(tx: Tx, aggregate: str, *messages: Message, business: UUID | None = None) -> None:
    """Publishes the messages once the transaction has committed; those of one aggregate leave in the order of adding.

    The caller must hold a lock on the aggregate, or have just created it: that is what makes the order good over transactions.
    The business is the caller's unless given.
    """
    tx.outgoing.extend((business or tx.business, aggregate, message) for message in messages)


def envelope(
    message: Message, *, identifier: str, business: UUID, aggregate: str, now: datetime
) -> messaging_pb2.Envelope:
    """Wraps a message for its journey."""
    wrapped = messaging_pb2.Envelope(
        id=identifier,
        type=message.DESCRIPTOR.full_name,
        business_id=str(business),
        aggregate=aggregate,
        traceparent=tracing.traceparent(),
        payload=message.SerializeToString(),
    )
    wrapped.occurred_at.FromDatetime(now)
    return wrapped


def close(tx: Tx, prefix: str) -> bool:
    """Adds the transaction's messages to what it writes; tells whether there were any."""
    if not tx.outgoing:
        return False
    rows = [_row(tx, prefix, *outgoing) for outgoing in tx.outgoing]
    tx.later(INSERT, *(list(column) for column in zip(*rows, strict=True)))
    return True


def _row(tx: Tx, prefix: str, business: UUID, aggregate: str, message: Message) -> tuple[UUID, UUID, str, str, bytes]:
    identifier = uuid7()
    if isinstance(message, messaging_pb2.Envelope):  # a directive, wrapped by whoever leases it out
        wrapped = message
    else:
        wrapped = envelope(message, identifier=str(identifier), business=business, aggregate=aggregate, now=tx.now)
    return business, identifier, streams.subject(prefix, wrapped), aggregate, wrapped.SerializeToString()


class Relay:
    """Publishes the outbox of one database and empties it; of all processes on that database one does so at a time."""

    def __init__(self, url: str, jetstream: JetStreamContext, service: str, poll_seconds: float) -> None:
        self._url = url
        self._jetstream = jetstream
        self._service = service
        self._poll = poll_seconds
        self._wake = asyncio.Event()
        self.leads = False

    def wake(self) -> None:
        """Says that there is something to publish."""
        self._wake.set()

    async def run(self) -> None:
        """Publishes until cancelled; outages of the database or of NATS only delay it."""
        pause = Backoff(0.1, 5)
        while True:
            try:
                await self._lead(pause)
            except (*LOST, asyncpg.PostgresError, TimeoutError, streams.NatsError) as error:
                LOG.warning("relay interrupted", error=repr(error))
                await asyncio.sleep(pause.next())
            finally:
                self.leads = False

    async def _lead(self, pause: Backoff) -> None:
        connection = await asyncpg.connect(self._url, timeout=10, command_timeout=30)
        try:
            await self._elected(connection)
            self.leads = True
            while True:
                self._wake.clear()
                while await self.publish(connection):
                    pass
                pause.reset()
                await self._idle()
        finally:
            await connection.close(timeout=5)

    async def _elected(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Waits for the lead: a lock held by the connection, so that it ends with the process however that ends."""
        while not await connection.fetchval(LEAD):  # noqa: ASYNC110  # another process decides, no event can tell
            await asyncio.sleep(self._poll)

    async def _idle(self) -> None:
        # After a while it looks all the same: a process that wrote rows may have been unable to wake us.
        with suppress(TimeoutError):
            # Not wait_for: before Python 3.12 it loses a cancellation that comes just when the event does.
            async with asyncio.timeout(self._poll):
                await self._wake.wait()

    async def publish(self, connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
        """Publishes and removes up to one batch; tells whether there may be more."""
        rows = await connection.fetch(DUE, BATCH)
        metrics.OUTBOX_LAG.labels(self._service).set(time.time() - rows[0]["created_at"].timestamp() if rows else 0)
        if not rows:
            return False
        sent: list[int] = []
        try:
            for wave in waves(rows):
                await self._send(wave, sent)
        finally:
            if sent:
                await connection.execute(DELETE, sent)
        metrics.BATCH_SIZE.labels(self._service, "relay").observe(len(rows))
        return len(rows) == BATCH or self._wake.is_set()

    async def _send(self, wave: "list[asyncpg.Record]", sent: list[int]) -> None:
        """Publishes rows of different aggregates together; appends the position of each that JetStream has confirmed."""
        acks = [
            await self._jetstream.publish_async(row["subject"], row["message"], headers={"Nats-Msg-Id": str(row["id"])})
            for row in wave
        ]
        async with asyncio.timeout(CONFIRMED_WITHIN):
            results = await asyncio.gather(*acks, return_exceptions=True)
        sent.extend(
            row["position"] for row, result in zip(wave, results, strict=True) if not isinstance(result, BaseException)
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result


def waves(rows: "Iterable[asyncpg.Record]") -> "list[list[asyncpg.Record]]":
    """Divides rows so that no two of one aggregate are in the same wave: the next leaves when the one before has arrived."""
    found: list[list[asyncpg.Record]] = []
    reached: dict[tuple[UUID, str], int] = {}
    for row in rows:
        key = (row["business_id"], row["aggregate"])
        index = reached.get(key, -1) + 1
        reached[key] = index
        if index == len(found):
            found.append([])
        found[index].append(row)
    return found
