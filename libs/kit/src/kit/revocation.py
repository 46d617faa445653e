"""Hears that a caller's identity tokens are not good any more, so that they end everywhere at once and not when they expire."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext, api

from comanda.types.v1.messaging_pb2 import Envelope, IdentityRevoked
from kit import streams
from kit.identity import LIFETIME

LOG = structlog.get_logger()
LOOK_SECONDS = 1.0
COMMIT_SECONDS = 1.0
"""How long after its transaction began a revocation has surely been committed."""
PAGE = 100

Revoke = Callable[[str, float], None]
"""Told whose tokens are not good any more, and before which time, in seconds since 1970, they were made."""


async def follow(client: Client, prefix: str, revoke: Revoke) -> None:
    """Calls revoke until cancelled.

    What is published while it listens it hears at once. When it begins, and when its connection was away, it also reads what was
    published within the life of a token: whatever is older has no good token left.
    """
    stream, subjects = streams.filters(prefix, "", IdentityRevoked)

    async def heard(message: Msg) -> None:
        revoke(_read(message)[0], time.time())

    await client.subscribe(subjects[0], cb=heard)
    connections = -1
    while True:
        if client.is_connected and client.stats["reconnects"] != connections:
            try:
                since, connections = datetime.now(UTC) - LIFETIME, client.stats["reconnects"]
                await _replay(client.jetstream(), stream, subjects[0], since, revoke)
            except (NatsError, TimeoutError) as error:
                LOG.info("waiting for NATS", task="revocations", error=repr(error))
                connections = -1
        await asyncio.sleep(LOOK_SECONDS)


async def _replay(jetstream: JetStreamContext, stream: str, subject: str, since: datetime, revoke: Revoke) -> None:
    consumer: Any = api.ConsumerConfig(
        deliver_policy=api.DeliverPolicy.BY_START_TIME,
        opt_start_time=since,
        ack_policy=api.AckPolicy.NONE,
        inactive_threshold=10.0,
    )
    pull = await jetstream.pull_subscribe(subject, stream=stream, config=consumer)
    try:
        left = (await pull.consumer_info()).num_pending or 0
        while left > 0:
            messages = await pull.fetch(min(PAGE, left), timeout=5)
            left -= len(messages)
            for message in messages:
                subject, occurred_at = _read(message)
                revoke(subject, occurred_at + COMMIT_SECONDS)
    finally:
        await pull.unsubscribe()


def _read(message: Msg) -> tuple[str, float]:
    envelope = Envelope.FromString(message.data)
    return IdentityRevoked.FromString(envelope.payload).subject, envelope.occurred_at.ToNanoseconds() / 1e9
