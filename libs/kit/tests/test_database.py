"""Transactions that PostgreSQL turns away: tried again inside, a bounded number of times."""

import asyncio
from typing import Any

import asyncpg
import pytest

from kit.db import ATTEMPTS, Tx
from kit.errors import Conflict, Unavailable

FAILS = "do $$ begin raise exception 'again' using errcode = '40001'; end $$"
LOCK = "select from seen where ref = $1 for update"


@pytest.fixture
async def rows(bench: Any) -> Any:
    """A database with two rows to fight over."""
    await bench.database.pool.execute("insert into seen (ref) values ('a'), ('b')")
    return bench


async def test_a_deadlock_is_tried_again_and_both_come_through(rows: Any) -> None:
    meeting, tries = asyncio.Barrier(2), 0

    async def crosswise(first: str, second: str) -> None:
        async def work(tx: Tx, _: asyncpg.Record) -> None:
            nonlocal tries
            tries += 1
            await tx.connection.execute(LOCK, first)
            if tries <= 2:
                await meeting.wait()
            await tx.connection.execute(LOCK, second)
            await tx.connection.execute("insert into seen (ref) values ($1)", f"{first} then {second}")

        await rows.database.run(work)

    await asyncio.gather(crosswise("a", "b"), crosswise("b", "a"))
    assert tries == 3
    found = {row["ref"] for row in await rows.rows("select ref from seen")}
    assert found == {"a", "b", "a then b", "b then a"}


async def test_a_serialization_failure_that_passes_is_not_seen_by_the_caller(bench: Any) -> None:
    tries = 0

    async def work(tx: Tx, _: asyncpg.Record) -> int:
        nonlocal tries
        tries += 1
        await tx.connection.execute("insert into seen (ref) values ('once')")
        if tries < ATTEMPTS:
            await tx.connection.execute(FAILS)
        return tries

    assert await bench.database.run(work) == ATTEMPTS
    assert len(await bench.rows("select 1 from seen")) == 1


async def test_a_serialization_failure_that_stays_is_a_conflict_after_a_few_attempts(bench: Any) -> None:
    tries = 0

    async def work(tx: Tx, _: asyncpg.Record) -> None:
        nonlocal tries
        tries += 1
        await tx.connection.execute(FAILS)

    with pytest.raises(Conflict) as caught:
        await bench.database.run(work)
    assert (caught.value.code, caught.value.retry_after, tries) == ("in_progress", 1, ATTEMPTS)


async def test_a_full_disk_is_an_outage_that_may_pass(bench: Any) -> None:
    async def work(tx: Tx, _: asyncpg.Record) -> None:
        await tx.connection.execute("do $$ begin raise exception 'no space left' using errcode = '53100'; end $$")

    with pytest.raises(Unavailable) as caught:
        await bench.database.run(work)
    assert (caught.value.code, caught.value.retry_after) == ("unavailable", 1)


async def test_a_lock_that_is_not_given_in_time_is_a_conflict_at_once(rows: Any) -> None:
    tries = 0

    async def work(tx: Tx, _: asyncpg.Record) -> None:
        nonlocal tries
        tries += 1
        await tx.connection.execute("set local lock_timeout = '100ms'")
        await tx.connection.execute(LOCK, "a")

    connection = await asyncpg.connect(rows.url)
    async with connection.transaction():
        await connection.execute(LOCK, "a")
        with pytest.raises(Conflict) as caught:
            await rows.database.run(work)
    await connection.close()
    assert (caught.value.code, tries) == ("in_progress", 1)


@pytest.mark.parametrize("arguments", [(), ("a", "b")])
async def test_arguments_that_do_not_fit_are_no_outage_that_waiting_would_end(bench: Any, arguments: Any) -> None:
    async def work(tx: Tx, _: object = None) -> None:
        await tx.connection.fetch(LOCK, *arguments)

    for run in (bench.database.run, bench.database.read):
        with pytest.raises(asyncpg.InterfaceError, match="the server expects 1 argument"):
            await run(work)
