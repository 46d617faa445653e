"""Runs pieces of work that rows stand for: at once where somebody waits, else in the order of their coming."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import structlog

from kit.db import Database, Tx
from kit.errors import Unavailable

LOG = structlog.get_logger()
AT_ONCE = 4
PROLONG_SECONDS = 4.0
LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 11.0
"""How long a caller is kept waiting for the end of some work: less than the gateway waits for us."""


class Job(Protocol):
    """A row that stands for work."""

    @property
    def business_id(self) -> UUID:
        """Whose it is."""

    @property
    def id(self) -> UUID:
        """Its id."""

    @property
    def is_open(self) -> bool:
        """Whether it waits or goes on."""


J = TypeVar("J", bound=Job)


@dataclass(frozen=True)
class Trade(Generic[J]):
    """One kind of work: how its rows are claimed, kept, and looked at, and what is done for one."""

    claim_one: Callable[[Tx, UUID, UUID], Awaitable[J | None]]
    claim_due: Callable[[Tx, int], Awaitable[list[J]]]
    prolong: Callable[[Tx, J], Awaitable[None]]
    one: Callable[[Tx, UUID, UUID], Awaitable[J]]
    run: Callable[[J], Awaitable[None]]


class Worker(Generic[J]):
    """Runs the work of one trade in this process; others may run the same elsewhere."""

    def __init__(self, database: Database, trade: Trade[J]) -> None:
        self._database = database
        self._trade = trade
        self._running: dict[UUID, asyncio.Task[None]] = {}

    async def due(self) -> bool:
        """Starts what is due, as much as there is room for; tells whether there may be more."""
        if (room := AT_ONCE - len(self._running)) <= 0:
            return False
        claimed = await self._database.run(lambda tx, _: self._trade.claim_due(tx, room))
        for job in claimed:
            self._start(job)
        return len(claimed) == room

    async def start(self, business: UUID, identifier: UUID) -> None:
        """Starts a piece of work now, unless it goes on here or elsewhere."""
        if identifier not in self._running:
            job = await self._database.run(lambda tx, _: self._trade.claim_one(tx, business, identifier))
            if job is not None:
                self._start(job)

    async def settled(self, business: UUID, identifier: UUID, seconds: float) -> J:
        """Starts a piece of work and returns it when it has ended, or after so many seconds as it is then."""
        await self.start(business, identifier)
        end = asyncio.get_running_loop().time() + seconds
        while True:
            job = await self._database.read(lambda tx: self._trade.one(tx, business, identifier))
            left = end - asyncio.get_running_loop().time()
            if not job.is_open or left <= 0:
                return job
            if task := self._running.get(identifier):
                await asyncio.wait([task], timeout=left)
            else:
                await asyncio.sleep(min(LOOK_SECONDS, left))

    def _start(self, job: J) -> None:
        task = asyncio.create_task(self._run(job))
        self._running[job.id] = task
        task.add_done_callback(lambda _: self._running.pop(job.id, None))

    async def _run(self, job: J) -> None:
        try:
            async with self._prolonged(job):
                await self._trade.run(job)
        except Unavailable:
            LOG.info("waiting for the database", job=str(job.id))
        except Exception:
            LOG.exception("work failed; it is taken up again", job=str(job.id))

    @asynccontextmanager
    async def _prolonged(self, job: J) -> Any:
        async def prolong() -> None:
            while True:
                await asyncio.sleep(PROLONG_SECONDS)
                with suppress(Unavailable):
                    await self._database.run(lambda tx, _: self._trade.prolong(tx, job))

        task = asyncio.create_task(prolong())
        try:
            yield
        finally:
            task.cancel()

    async def stop(self) -> None:
        """Ends what runs; it is taken up again by whoever finds it."""
        for task in (tasks := list(self._running.values())):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
