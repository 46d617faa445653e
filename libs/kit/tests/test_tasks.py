"""What is cancelled ends, whatever happens to whoever cancels it."""

import asyncio
import time

import pytest

from kit import tasks


async def test_who_waits_for_the_end_of_tasks_may_be_cancelled_himself() -> None:
    asked, asked_again = asyncio.Event(), asyncio.Event()

    async def deaf_once() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            asked_again.set()

    task = asyncio.ensure_future(deaf_once())
    await asyncio.sleep(0)
    canceller = asyncio.ensure_future(tasks.cancel([task]))
    await asked.wait()
    canceller.cancel()
    await asyncio.wait([canceller])
    assert (canceller.cancelled(), task.cancelled(), asked_again.is_set()) == (True, True, True)


async def test_a_cancellation_that_was_lost_is_repeated() -> None:
    lost = 0

    async def deaf_twice() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost += 1
                if lost == 3:
                    raise

    task = asyncio.ensure_future(deaf_twice())
    await asyncio.sleep(0)
    await tasks.cancel([task])
    assert lost == 3


async def test_after_a_quiet_time_nobody_rests() -> None:
    rest = tasks.Rest(0.1)
    with pytest.raises(StopIteration):
        rest.end().send(None)  # ends without waiting
    began = time.monotonic()
    rest.begin()
    await rest.end()
    assert time.monotonic() - began > 0.09
    with pytest.raises(StopIteration):
        rest.end().send(None)
