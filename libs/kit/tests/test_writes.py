"""Calls that write in one statement, without a transaction of several: as safe to repeat, and to make at once, as the others."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from comanda.inventory.v1 import locations_pb2 as pb
from kit import contract, rpc
from kit.call import Call, current
from kit.db import Tx
from kit.errors import Conflict, Refused
from kit.identity import Identity

BUSINESS = UUID(int=7)
METHOD = contract.method("/comanda.inventory.v1.LocationService/CreateLocation")
Request, Response = pb.CreateLocationRequest, pb.CreateLocationResponse
READ = "select now() as now, count(*) as known, max(xmin::text::bigint) as version from seen where ref like 'row %'"
ADD = "insert into seen (ref) values ($1)"
ADD_ROWS = "insert into seen (ref) select * from unnest($1::text[])"
IF_UNCHANGED = """
    update seen set ref = $1 || ' by ' || ref where ref like 'row %' and ref not like '%|%' and $2 = (select count(*) from seen)
    returning 1
"""


class Shelf:
    """Takes what it is given, unless it is full; `gate` holds up whoever has looked and not written yet."""

    def __init__(self, bench: Any) -> None:
        self.database = bench.database
        self.gate = asyncio.Event()
        self.gate.set()
        self.looked = asyncio.Semaphore(0)

    async def put(self, tx: Tx, request: Request) -> Response:
        [row] = await tx.connection.fetch(READ)
        self.looked.release()
        await self.gate.wait()
        if row["known"] >= 2:
            raise Refused("insufficient_stock")
        if request.name == "in two steps":
            await tx.begin()
            await tx.connection.execute(ADD, f"row {request.code}, begun")
            raise Refused("insufficient_stock")
        tx.now = row["now"]
        tx.later(ADD, f"row {request.code}")
        return Response(location=pb.Location(code=request.code, name=str(row["known"])))

    def ask(self, code: str, key: str = "", name: str = "") -> "asyncio.Task[tuple[str, bool]]":
        """Puts, as a call of its own; returns how many it found there and whether the answer was a repetition."""
        assert METHOD
        call = Call(METHOD, Identity(BUSINESS, 1, "key:test"), "en", "", "", "")

        async def calling() -> tuple[str, bool]:
            current.set(call)
            found = await rpc.write(self, Shelf.put, Request(code=code, name=name, request_id=key))
            return found.location.name, call.replayed

        return asyncio.create_task(calling())


@pytest.fixture
def shelf(bench: Any) -> Shelf:
    """An empty one."""
    return Shelf(bench)


async def refs(bench: Any) -> list[str]:
    return [row["ref"] for row in await bench.rows("select ref from seen order by position")]


async def test_a_repeat_gets_the_first_answer_even_when_it_could_not_be_given_any_more(
    shelf: Shelf, bench: Any
) -> None:
    assert await shelf.ask("a", "k") == ("0", False)
    assert await shelf.ask("a", "k") == ("0", True)
    assert await shelf.ask("b") == ("1", False)
    assert await shelf.ask("a", "k") == ("0", True)
    with pytest.raises(Refused, match="idempotency_key_reuse"):
        await shelf.ask("c", "k")
    assert await refs(bench) == ["row a", "row b"]


async def test_of_twins_in_flight_one_writes_and_both_get_its_answer(shelf: Shelf, bench: Any) -> None:
    shelf.gate.clear()
    twins = [shelf.ask("a", "k") for _ in range(4)]
    for _ in twins:
        await shelf.looked.acquire()
    shelf.gate.set()
    assert sorted(await asyncio.gather(*twins)) == [("0", False), ("0", True), ("0", True), ("0", True)]
    assert await refs(bench) == ["row a"]


async def test_a_call_that_is_refused_uses_up_no_key(shelf: Shelf, bench: Any) -> None:
    await asyncio.gather(shelf.ask("a"), shelf.ask("b"))
    with pytest.raises(Refused, match="insufficient_stock"):
        await shelf.ask("c", "k")
    await bench.rows("delete from seen")
    assert await shelf.ask("d", "k") == ("0", False)


async def test_a_key_whose_time_is_over_is_free(shelf: Shelf, bench: Any) -> None:
    await shelf.ask("a", "k")
    await bench.rows("update idempotency_keys set expires_at = now() - interval '1 second'")
    assert await shelf.ask("b", "k") == ("1", False)
    assert await shelf.ask("b", "k") == ("1", True)


async def test_what_was_begun_is_undone_with_the_rest(shelf: Shelf, bench: Any) -> None:
    with pytest.raises(Refused):
        await shelf.ask("a", "k", name="in two steps")
    assert await refs(bench) == []


async def test_what_changed_after_it_was_read_lets_all_be_done_anew(bench: Any) -> None:
    await bench.rows("insert into seen (ref) values ('row 1')")
    tries = 0

    async def work(tx: Tx) -> int:
        nonlocal tries
        tries += 1
        known: int = await tx.connection.fetchval("select count(*) from seen")
        if tries == 1:
            await bench.rows("insert into seen (ref) values ('other')")
        tx.later(ADD, f"seen {known}")
        tx.guarded(IF_UNCHANGED, f"{known}|", known)
        return known

    assert await bench.database.write(work) == 2
    assert tries == 2
    assert sorted(await refs(bench)) == ["2| by row 1", "other", "seen 2"]


async def test_work_may_say_what_it_means_that_something_changed(bench: Any) -> None:
    overtaken = Conflict("overtaken")

    async def work(tx: Tx) -> None:
        tx.overtaken = overtaken
        tx.later(ADD, "never")
        tx.guarded(IF_UNCHANGED, "|", -1)

    with pytest.raises(Conflict) as raised:
        await bench.database.write(work)
    assert raised.value is overtaken
    assert await refs(bench) == []


async def test_rows_for_one_statement_are_written_by_one(bench: Any) -> None:
    async def work(tx: Tx) -> None:
        for ref in ("a", "b"):
            tx.later_row(ADD_ROWS, ref)
        tx.later(ADD, "c")
        assert len(tx.deferred) == 2

    await bench.database.write(work)
    assert sorted(await refs(bench)) == ["a", "b", "c"]
