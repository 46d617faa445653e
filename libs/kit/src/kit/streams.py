"""Where messages travel: one stream of events and one of directives, and how they are called."""

import asyncio
from uuid import UUID

import nats
import structlog
from google.protobuf.message import Message
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext, api
from nats.js.errors import NotFoundError, ServiceUnavailableError

from comanda.types.v1 import messaging_pb2
from kit import contract
from kit.tasks import Backoff
from kit.tls import Tls

__all__ = [
    "NatsError",
    "connect",
    "connect_once",
    "ensure",
    "events_of",
    "filters",
    "replay_subject",
    "servers",
    "subject",
]

LOG = structlog.get_logger()
EVENTS_KEPT = 14 * 86_400.0
DIRECTIVES_KEPT = 2 * 86_400.0
"""Seconds. The database is the queue of record: a directive that waited longer is sent again by its sweeper."""
DEDUPLICATED = 10 * 60.0


def servers(url: str) -> list[str]:
    """Returns the URLs that a setting names: one, or those of a cluster's servers, with commas between them."""
    return [each.strip() for each in url.split(",")]


async def connect(url: str, name: str, tls: Tls | None = None) -> Client:
    """Connects to NATS and stays connected: an outage is waited out, however long, and that of one of several at another.

    With a URL that begins with tls:// the server must show a certificate, and is shown ours; without `tls`, it must come
    from an authority that this machine trusts.
    """
    return await nats.connect(
        servers(url),
        name=name,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.5,
        connect_timeout=5,
        ping_interval=10,
        max_outstanding_pings=2,
        tls=tls.context() if tls and url.startswith("tls://") else None,
    )


async def connect_once(url: str) -> Client:
    """Connects for a question or two, to whichever server answers; raises NatsError with all that they say if none does."""
    reasons: list[str] = []

    async def note(error: Exception) -> None:
        reasons.append(str(error) or type(error).__name__)

    try:
        return await nats.connect(
            servers(url), error_cb=note, connect_timeout=5, max_reconnect_attempts=1, reconnect_time_wait=0.1
        )
    except (NatsError, OSError, ValueError) as error:
        raise NatsError("; ".join(dict.fromkeys(reasons)) or str(error)) from error


async def ensure(jetstream: JetStreamContext, prefix: str, replicas: int = 1) -> None:
    """Creates the streams, or brings them up to date; a cluster that elects its leader is waited for."""
    pause = Backoff(0.2, 5)
    while True:
        try:
            return await _ensure(jetstream, prefix, replicas)
        except (ServiceUnavailableError, TimeoutError) as error:
            LOG.info("waiting for JetStream", error=repr(error))
        await asyncio.sleep(pause.next())


async def _ensure(jetstream: JetStreamContext, prefix: str, replicas: int) -> None:
    for name, kept in (("events", EVENTS_KEPT), ("directives", DIRECTIVES_KEPT)):
        config = api.StreamConfig(
            name=f"{prefix}-{name}",
            subjects=[f"{prefix}.{name}.>"],
            max_age=kept,
            duplicate_window=DEDUPLICATED,
            num_replicas=replicas,
            storage=api.StorageType.FILE,
        )
        try:
            await jetstream.stream_info(f"{prefix}-{name}")
            await jetstream.update_stream(config)
        except NotFoundError:
            await jetstream.add_stream(config)


def subject(prefix: str, envelope: messaging_pb2.Envelope) -> str:
    """Returns the subject that an envelope is published on."""
    kind = "directives" if envelope.HasField("dispatch") else "events"
    return f"{prefix}.{kind}.{envelope.type}.{envelope.business_id}"


def filters(prefix: str, service: str, message: type[Message]) -> tuple[str, list[str]]:
    """Returns the stream of a message type and the subjects under which the service gets it."""
    kind = "directives" if is_directive(message) else "events"
    name = message.DESCRIPTOR.full_name
    return f"{prefix}-{kind}", [f"{prefix}.{kind}.{name}.*", replay_subject(prefix, service, kind, name)]


def events_of(prefix: str, package: str, business: UUID) -> str:
    """Returns the subject of all events of a package (such as `comanda.orders.events.v1`) and a business."""
    return f"{prefix}.events.{package}.*.{business}"


def replay_subject(prefix: str, service: str, kind: str, name: str) -> str:
    """Returns the subject on which only that service gets a message again that it had given up."""
    return f"{prefix}.{kind}.replay.{service}.{name}"


def is_directive(message: type[Message]) -> bool:
    """Tells whether a message type is a directive."""
    try:
        return bool(contract.topic(message))
    except KeyError:
        return False
