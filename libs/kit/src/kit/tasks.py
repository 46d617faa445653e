"""Loops that run beside the server and end with it."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable

import structlog

from kit.errors import Unavailable

LOG = structlog.get_logger()


class Backoff:
    """Pauses that double, with jitter, up to a limit in seconds."""

    def __init__(self, first: float, limit: float) -> None:
        self._first, self._limit, self._pause = first, limit, first

    def next(self) -> float:
        """Returns the next pause in seconds."""
        pause = self._pause
        self._pause = min(self._limit, pause * 2)
        return pause * random.uniform(0.8, 1.2)

    def reset(self) -> None:
        """Begins anew."""
        self._pause = self._first


class Rest:
    """A pause between two rounds of work that follow each other closely: what comes meanwhile is done in one round."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = 0.0

    def begin(self) -> None:
        """Says that a round has ended."""
        self._until = time.monotonic() + self._seconds

    async def end(self) -> None:
        """Waits for what is left of the pause: after a quiet time nothing."""
        if (left := self._until - time.monotonic()) > 0:
            await asyncio.sleep(left)


async def every(seconds: float, name: str, work: Callable[[], Awaitable[bool]]) -> None:
    """Runs work until cancelled: again at once while it says that there is more, else after a pause.

    A failure is logged and the work tried again after the pause; outages of the database are no news.
    """
    while True:
        more = False
        try:
            more = await work()
        except Unavailable:
            LOG.info("waiting for the database", task=name)
        except Exception:  # a sweep that failed must not be the last one
            LOG.exception("task failed", task=name)
        if not more:
            await asyncio.sleep(seconds * random.uniform(0.9, 1.1))


async def cancel(tasks: "Iterable[asyncio.Future[None]]") -> None:
    """Cancels tasks and waits for their end, even if it is cancelled itself meanwhile; asks again where the first time was lost.

    In Python 3.11 a cancellation is lost when it meets the very result that asyncio.wait_for, which libraries use, waits for.
    """
    asked = set(tasks)
    interruption: asyncio.CancelledError | None = None
    while pending := {task for task in asked if not task.done()}:
        for task in pending:
            task.cancel()
        try:
            await asyncio.wait(pending, timeout=1)
        except asyncio.CancelledError as error:
            interruption = error
    await asyncio.gather(*asked, return_exceptions=True)
    if interruption:
        raise interruption
