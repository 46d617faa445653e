"""A service process: its database, NATS, relay, consumers, and gRPC server, from start to drained end."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import asyncpg
import grpc
import structlog
import uvloop
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from nats.aio.client import Client

from kit import db, lag, logs, metrics, outbox, revocation, streams, tasks, tracing
from kit.consumer import Consumer, Handler
from kit.db import Database
from kit.identity import Exchange, Verifier
from kit.interceptors import Frame
from kit.pull import Pull
from kit.registry import Registry
from kit.relay import Relay
from kit.settings import Settings
from kit.signals import Signals
from kit.texts import Catalogue
from kit.tls import Tls

LOG = structlog.get_logger()
GRACE = 10.0
LAG_POLLS = 5
LIVE = "live"
"""A name in the health service: that the process lives and does not leave, whatever it depends on."""
OPTIONS = [
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 32 * 1024 * 1024),
    # After that a client connects anew, and finds the processes that were added to a name; what is under way goes on.
    ("grpc.max_connection_age_ms", 300_000),
]

Register = Callable[[Any], None]
"""Adds a servicer to what it takes for a server, as the generated functions do."""
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


@dataclass
class Process:
    """What a service is made of; the composition root adds to it and then awaits `serve`."""

    name: str
    settings: Settings
    database: Database
    nats: Client
    signals: Signals
    relay: Relay
    loops: list[Awaitable[None]] = field(default_factory=list)
    leaving: list[Callable[[], None]] = field(default_factory=list)
    """Called when the process has been told to stop: whoever serves streams ends them."""

    def consume(self, handlers: "Iterable[Handler[Any]]") -> None:
        """Adds a consumer for each handler."""
        consumers = []
        for handler in handlers:
            stream, subjects = streams.filters(self.settings.stream_prefix, self.name, handler.type)
            durable = f"{self.name}-{handler.name}"
            pull = Pull(self.nats, stream, durable, subjects, self.settings.batch_size, self.settings.ack_wait_seconds)
            self.loops.append(Consumer(handler, pull, self.database, self.name).run())
            consumers.append((stream, durable, handler.name))
        measure = partial(lag.measure, self.nats.jetstream(), self.name, consumers)
        self.sweep("measure the lag", measure, LAG_POLLS * self.settings.poll_seconds)

    def sweep(self, name: str, work: Callable[[], Awaitable[bool]], seconds: float | None = None) -> None:
        """Adds a loop that runs work for as long as it says that there is more, then pauses."""
        self.loops.append(tasks.every(seconds or self.settings.poll_seconds, name, work))

    async def serve(
        self, servicers: Iterable[Register], catalogue: Catalogue, language: str, exchange: Exchange | None = None
    ) -> None:
        """Serves until SIGTERM or SIGINT, then finishes what is under way."""
        verifier = Verifier(self.settings.identity_public_key, exchange)
        server = grpc.aio.server(interceptors=[Frame(self.name, verifier, catalogue, language)], options=OPTIONS)
        registry: Any = Registry(server)
        for register in servicers:
            register(registry)
        checks = health.aio.HealthServicer()
        await checks.set(LIVE, SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(checks, registry)
        reflection.enable_server_reflection([*registry.names, reflection.SERVICE_NAME], server)
        listen(server, self.settings.listen, self.settings.tls)
        revocations = revocation.follow(self.nats, self.settings.stream_prefix, verifier.revoke)
        running = [asyncio.ensure_future(loop) for loop in [self.relay.run(), revocations, *self.loops]]
        running.append(asyncio.ensure_future(self._watch(checks)))
        _keep_what_is_loaded()
        await server.start()
        LOG.info("serving", listen=self.settings.listen)
        try:
            async with _probed(checks, self.settings.health_listen):
                await _stopped(running)
        finally:
            for call in self.leaving:
                call()
            await checks.enter_graceful_shutdown()
            await server.stop(GRACE)
            await tasks.cancel(running)
        LOG.info("drained")

    async def _watch(self, checks: health.aio.HealthServicer) -> None:
        """Lets health follow the database and NATS."""
        while True:
            healthy = self.nats.is_connected and await self._database_answers()
            await checks.set("", SERVING if healthy else NOT_SERVING)
            await asyncio.sleep(self.settings.poll_seconds)

    async def _database_answers(self) -> bool:
        try:
            async with asyncio.timeout(3):
                await self.database.pool.fetchval("select 1")
        except (*db.LOST, asyncpg.PostgresError, TimeoutError) as error:
            LOG.warning("the database does not answer", error=repr(error))
            return False
        return True


def listen(server: grpc.aio.Server, address: str, tls: Tls | None) -> int:
    """Lets a server listen on host:port, by TLS when there is some, and returns the port; raises OSError."""
    port = server.add_secure_port(address, tls.serving()) if tls else server.add_insecure_port(address)
    if port == 0:
        raise OSError(f"cannot listen on {address}")
    return port


@asynccontextmanager
async def _probed(checks: health.aio.HealthServicer, address: str) -> AsyncIterator[None]:
    """Answers health, and nothing else, on a port of its own; on none when the address is empty."""
    if not address:
        yield
        return
    server = grpc.aio.server(options=OPTIONS)
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    listen(server, address, None)
    await server.start()
    try:
        yield
    finally:
        await server.stop(None)


def _keep_what_is_loaded() -> None:
    """Spares the garbage collector the modules: to look through them again holds every call up, for 50 ms."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _stopped(running: "Sequence[asyncio.Future[None]]") -> None:
    """Waits for a signal, or for a loop that ends, which none should: its error is raised."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    waiting: asyncio.Future[None] = asyncio.ensure_future(_wait(asked))
    await asyncio.wait([waiting, *running], return_when=asyncio.FIRST_COMPLETED)
    for each in running:
        if each.done():
            await each
            raise RuntimeError("a loop of the process ended")


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


@asynccontextmanager
async def process(name: str, settings: Settings) -> AsyncIterator[Process]:
    """Connects the process to its database and to NATS, and disconnects it at the end."""
    logs.configure(name, settings.log_level)
    provider = tracing.configure(name)
    metrics.expose(settings.metrics_listen)
    nats = await streams.connect(settings.nats_url.get_secret_value(), f"comanda-{name}", settings.tls)
    await streams.ensure(nats.jetstream(), settings.stream_prefix, settings.stream_replicas)
    url = settings.database_url.get_secret_value()
    pool = await db.connect(url, settings.pool_size)
    signals = Signals(nats, f"{settings.stream_prefix}.signals.{name}")
    await signals.listen()
    relay = Relay(url, nats, name, poll_seconds=settings.poll_seconds, hold_seconds=settings.outbox_hold_seconds)
    signals.on(outbox.WAKE, relay.wake)
    database = Database(
        pool, partial(outbox.close, prefix=settings.stream_prefix), lambda: signals.wake(outbox.WAKE, relay.leads)
    )
    try:
        yield Process(name, settings, database, nats, signals, relay)
    finally:
        await nats.drain()
        await pool.close()
        if provider:
            provider.shutdown()


def run(main: Callable[[], Any]) -> None:
    """Runs a coroutine function on uvloop."""
    uvloop.run(main())
