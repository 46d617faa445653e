"""A client that hangs up ends the call that was made for it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gateway.bodies import Gone, Receive

PATIENCE = 0.05
"""Seconds before anybody looks: most calls are over by then and pay only for a timer."""


@contextmanager
def watched(receive: Receive, cancel: Callable[[], object]) -> Iterator[None]:
    """Cancels the call that its body awaits when the client hangs up, and raises Gone then.

    What the client sent must have been read before.
    """
    loop = asyncio.get_running_loop()
    watches: list[asyncio.Task[None]] = []
    timer = loop.call_later(PATIENCE, lambda: watches.append(loop.create_task(_until_gone(receive, cancel))))
    try:
        yield
    except asyncio.CancelledError:
        if any(watch.done() and not watch.cancelled() for watch in watches):
            raise Gone from None
        raise
    finally:
        timer.cancel()
        for watch in watches:
            watch.cancel()


async def _until_gone(receive: Receive, cancel: Callable[[], object]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    cancel()
