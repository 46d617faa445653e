"""Publishes the outbox, in order per aggregate; forgets a message only when NATS has it on the disk."""

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import structlog
from nats.aio.client import Client

from kit import metrics, streams
from kit.db import LOST, SERVER_SETTINGS
from kit.tasks import Backoff

LOG = structlog.get_logger()
BATCH = 500
LOOKBACK = 1000
"""How many positions below the newest one are watched for transactions that commit late; the rest is left to the review."""
CONFIRMED_WITHIN = 3.0
"""Seconds after which what JetStream has not confirmed is published again, as when it was killed; it knows repeats by their id."""

DUE = """
    select position, id, subject, aggregate, message, business_id, created_at from outbox where position > $1
    union all
    select position, id, subject, aggregate, message, business_id, created_at from outbox where position = any($2::bigint[])
    order by position limit $3
"""
LEAD = "select pg_try_advisory_lock(hashtext('comanda relay'))"
DELETE = "delete from outbox where position = any($1::bigint[])"
KEEP = "select pg_advisory_lock(hashtext('comanda backup'))"
"""While a session holds this, what was published stays in the outbox: its backup need not contain NATS."""
MAY_REMOVE = "select pg_try_advisory_xact_lock_shared(hashtext('comanda backup'))"
POSITIONS = "select position from outbox where position <= $1"


@dataclass(slots=True)
class Reading:
    """How far the outbox was read.

    Positions are given out before the commit, so a row can appear below others that were read already. Those that were
    passed over are looked for in every reading until the next review, which finds whatever is still left.
    """

    floor: int = 0
    """The highest position read."""
    gaps: set[int] = field(default_factory=set)
    held: dict[int, float] = field(default_factory=dict)
    """What was published and is kept yet, in that order; and when, by the monotonic clock."""
    _older: set[int] = field(default_factory=set)

    def take(self, rows: "Iterable[asyncpg.Record]") -> "list[asyncpg.Record]":
        """Notes what was read; returns what was not published before."""
        read = {row["position"]: row for row in rows}
        top = max([self.floor, *read])
        if self.floor:
            self.gaps.update(range(max(self.floor, top - LOOKBACK) + 1, top))
        self.gaps.difference_update(read)
        self.floor = top
        return [row for position, row in read.items() if position not in self.held]

    def review(self, positions: Iterable[int]) -> None:
        """Takes what lies at and below the floor: unpublished rows become gaps; gaps as old as the last review are given up."""
        recent = self.gaps - self._older
        self.gaps = recent | (set(positions) - self.held.keys())
        self._older = set(self.gaps)

    def published_before(self, moment: float) -> list[int]:
        """Returns what was published before that moment of the monotonic clock."""
        return [position for position, at in self.held.items() if at <= moment]


class Relay:
    """Publishes the outbox of one database; of all processes on that database one does so at a time.

    A row stays for hold_seconds after JetStream has acknowledged it. When NATS was away meanwhile, it is published again: a
    server whose machine died may have lost what it acknowledged last. What was not lost, JetStream drops by its id.
    """

    def __init__(
        self, url: str, client: Client, service: str, *, poll_seconds: float = 1.0, hold_seconds: float = 0.0
    ) -> None:
        self._url = url
        self._client = client
        self._jetstream = client.jetstream()
        self._service = service
        self._poll = poll_seconds
        self._hold = hold_seconds
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
        connection = await asyncpg.connect(self._url, timeout=10, command_timeout=30, server_settings=SERVER_SETTINGS)
        try:
            await self._elected(connection)
            self.leads = True
            while True:
                await self._term(connection, pause)
        finally:
            await connection.close(timeout=5)

    async def _elected(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Waits for the lead: a lock held by the connection, so that it ends with the process however that ends."""
        while not await connection.fetchval(LEAD):  # another process decides, no event can tell
            # What it knew when it led is old; the one that leads tells the lag now.
            metrics.OUTBOX_LAG.labels(self._service).set(0)
            await asyncio.sleep(self._poll)

    async def _term(self, connection: "asyncpg.Connection[asyncpg.Record]", pause: Backoff) -> None:
        """Publishes for as long as NATS is the same server process; returns when it may be another."""
        reading, reconnects = Reading(), self._client.stats["reconnects"]
        tidied = time.monotonic()
        while reconnects == self._client.stats["reconnects"]:
            self._wake.clear()
            more = await self.publish(connection, reading)
            pause.reset()
            if time.monotonic() >= tidied + self._poll:
                await self.tidy(connection, reading)
                tidied = time.monotonic()
            if not more:
                await self._idle()

    async def _idle(self) -> None:
        # After a while it looks all the same: a process that wrote rows may have been unable to wake us.
        with suppress(TimeoutError):
            # Not wait_for: before Python 3.12 it loses a cancellation that comes just when the event does.
            async with asyncio.timeout(self._poll):
                await self._wake.wait()

    async def publish(self, connection: "asyncpg.Connection[asyncpg.Record]", reading: Reading) -> bool:
        """Publishes up to one batch; tells whether there may be more."""
        rows = await connection.fetch(DUE, reading.floor, list(reading.gaps), BATCH)
        fresh = reading.take(rows)
        metrics.OUTBOX_LAG.labels(self._service).set(time.time() - fresh[0]["created_at"].timestamp() if fresh else 0)
        for wave in waves(fresh):
            await self._send(wave)
            reading.held.update(dict.fromkeys((row["position"] for row in wave), time.monotonic()))
        if fresh:
            metrics.BATCH_SIZE.labels(self._service, "relay").observe(len(fresh))
        return len(rows) == BATCH or self._wake.is_set()

    async def tidy(self, connection: "asyncpg.Connection[asyncpg.Record]", reading: Reading) -> None:
        """Removes what was held long enough, and looks for rows that every reading has passed over."""
        removable = reading.published_before(time.monotonic() - self._hold)
        reconnects = self._client.stats["reconnects"]
        await self._client.flush(int(CONFIRMED_WITHIN))
        if reconnects != self._client.stats["reconnects"]:
            return  # the server that acknowledged is not known to have lived on since
        if removable:
            await self._remove(connection, reading, removable)
        reading.review(row["position"] for row in await connection.fetch(POSITIONS, reading.floor))

    async def _remove(
        self, connection: "asyncpg.Connection[asyncpg.Record]", reading: Reading, positions: list[int]
    ) -> None:
        async with connection.transaction():
            if not await connection.fetchval(MAY_REMOVE):
                return
            await connection.execute(DELETE, positions)
        for position in positions:
            del reading.held[position]

    async def _send(self, wave: "list[asyncpg.Record]") -> None:
        """Publishes rows of different aggregates together; returns when JetStream has acknowledged all."""
        acks = [
            await self._jetstream.publish_async(row["subject"], row["message"], headers={"Nats-Msg-Id": str(row["id"])})
            for row in wave
        ]
        async with asyncio.timeout(CONFIRMED_WITHIN):
            for result in await asyncio.gather(*acks, return_exceptions=True):
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
