"""How much waits for the consumers of a service: what dashboards show and what more processes are started by."""

from collections.abc import Sequence

import structlog
from nats.js import JetStreamContext

from kit import metrics
from kit.streams import NatsError

LOG = structlog.get_logger()

Consumers = Sequence[tuple[str, str, str]]
"""Stream, durable name, and handler of each."""


async def measure(jetstream: JetStreamContext, service: str, consumers: Consumers) -> bool:
    """Asks JetStream how many messages wait or are in hand; all processes of a service get the same answer."""
    for stream, durable, handler in consumers:
        try:
            info = await jetstream.consumer_info(stream, durable)
        except NatsError as error:  # away, or the consumer is just being made
            LOG.info("the lag is not known", consumer=durable, error=repr(error))
            continue
        metrics.PENDING.labels(service, handler).set((info.num_pending or 0) + (info.num_ack_pending or 0))
    return False
