"""Calls answered together: each has its own answer, its own key, and its own failure."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest

from comanda.inventory.v1 import reservations_pb2 as pb
from kit import contract, db
from kit.call import Call, current
from kit.db import Database, Tx
from kit.errors import Conflict, DomainError, Refused
from kit.gathering import Asked, Gathering
from kit.identity import Identity

BUSINESS = UUID(int=7)
METHOD = contract.method("/comanda.inventory.v1.ReservationService/CreateReservation")
Question, Answer = pb.CreateReservationRequest, pb.CreateReservationResponse


@dataclass
class Counter:
    """Counts what it is asked, one by one in the order of arrival, within one gathering on a database."""

    database: Database
    patience: str = "5s"
    batches: list[list[str]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gathering: Gathering[Question, Answer] = Gathering(self.database, self.work, lambda _: frozenset({"one"}))
        self.gate.set()

    async def work(self, tx: Tx, batch: Sequence[Asked[Question, Answer]]) -> list[Answer | DomainError]:
        await self.gate.wait()
        await tx.connection.execute(f"set local lock_timeout = '{self.patience}'")
        await tx.connection.execute("lock table seen in exclusive mode")
        self.batches.append([asked.request.owner_ref for asked in batch])
        return [await self.one(tx, asked.request.owner_ref) for asked in batch]

    async def one(self, tx: Tx, ref: str) -> Answer | DomainError:
        if ref.startswith("refused"):
            return Refused("insufficient_stock")
        if ref.startswith("broken"):
            raise ZeroDivisionError(ref)
        row = await tx.connection.fetchrow("insert into seen (ref) values ($1) returning position", ref)
        return Answer(reservations=[pb.Reservation(owner_ref=ref, id=str(row["position"]))]) if row else Answer()

    def ask(self, ref: str, key: str = "", business: UUID = BUSINESS) -> "asyncio.Task[tuple[str, bool]]":
        """Asks, as a call of its own; returns the answer's id and whether it was a replay."""
        assert METHOD
        call = Call(METHOD, Identity(business, 1, "key:test"), "en", "", "", "")

        async def calling() -> tuple[str, bool]:
            current.set(call)
            found = await self.gathering.answer(Question(owner_ref=ref, request_id=key))
            return found.reservations[0].id, call.replayed

        return asyncio.create_task(calling())

    async def ask_together(self, *refs: str) -> list[Any]:
        """Asks in one batch, behind a call that holds the lane; returns answers and errors."""
        self.gate.clear()
        first = self.ask("first")
        await asyncio.sleep(0)
        asked = [self.ask(ref, f"key of {ref}") for ref in refs]
        await asyncio.sleep(0)
        self.gate.set()
        await first
        return await asyncio.gather(*asked, return_exceptions=True)

    async def seen(self) -> list[str]:
        """What was counted, in order."""
        rows = await self.database.pool.fetch("select ref from seen order by position")
        return [row["ref"] for row in rows]


@pytest.fixture
async def another(url: str) -> AsyncIterator[Callable[[], Awaitable[Counter]]]:
    """Makes counters on the test's database, each with a pool of its own, as another process has."""
    pools = []

    async def make() -> Counter:
        pools.append(await db.connect(url, 4))
        return Counter(Database(pools[-1], lambda _: False, lambda: None))

    yield make
    for pool in pools:
        await pool.close()


@pytest.fixture
async def counter(another: Callable[[], Awaitable[Counter]]) -> Counter:
    """One counter."""
    return await another()


async def test_calls_that_come_together_are_answered_together_each_with_its_own(counter: Counter) -> None:
    answers = await counter.ask_together("a", "b", "c")
    assert counter.batches == [["first"], ["a", "b", "c"]]
    assert [identifier for identifier, _ in answers] == ["2", "3", "4"]
    [row] = await counter.database.pool.fetch("select count(distinct xmin::text) as n from seen where ref <> 'first'")
    assert row["n"] == 1


async def test_a_repeat_gets_the_first_answer_and_another_request_is_refused(counter: Counter) -> None:
    first = await counter.ask("a", "k")
    assert first == ("1", False)
    assert await counter.ask("a", "k") == ("1", True)
    with pytest.raises(Refused, match="idempotency_key_reuse"):
        await counter.ask("b", "k")
    assert await counter.ask("a", "k", business=uuid4()) == ("2", False)
    assert await counter.seen() == ["a", "a"]


async def test_a_twin_in_flight_waits_and_gets_the_same_answer(counter: Counter) -> None:
    counter.gate.clear()
    twins = [counter.ask("a", "k") for _ in range(5)]
    other = counter.ask("b", "k")
    await asyncio.sleep(0)
    counter.gate.set()
    assert await asyncio.gather(*twins) == [("1", False), *[("1", True)] * 4]
    with pytest.raises(Refused, match="idempotency_key_reuse"):
        await other
    assert await counter.seen() == ["a"]


async def test_twins_in_several_processes_have_one_effect(another: Callable[[], Awaitable[Counter]]) -> None:
    counters = [await another() for _ in range(3)]
    for lap in range(10):
        answers = await asyncio.gather(*(each.ask(f"a{lap}", f"k{lap}") for each in counters for _ in range(4)))
        assert len({identifier for identifier, _ in answers}) == 1
        assert sorted(replayed for _, replayed in answers) == [False, *[True] * 11]
    assert await counters[0].seen() == [f"a{lap}" for lap in range(10)]


async def test_a_refused_call_uses_no_key_up_and_hurts_nobody(counter: Counter) -> None:
    good, bad, after = await counter.ask_together("a", "refused b", "c")
    assert good == ("2", False)
    assert isinstance(bad, Refused)
    assert after == ("3", False)
    assert await counter.seen() == ["first", "a", "c"]
    assert await counter.ask("now it may", "key of refused b") == ("4", False)


async def test_a_call_that_breaks_its_batch_breaks_alone(counter: Counter) -> None:
    *answers, broken = await counter.ask_together("a", "b", "broken")
    assert isinstance(broken, ZeroDivisionError)
    assert sorted(replayed for _, replayed in answers) == [False, False]
    assert sorted(await counter.seen()) == ["a", "b", "first"]


async def test_a_key_whose_time_is_over_is_free_again(counter: Counter) -> None:
    await counter.ask("a", "k")
    await counter.database.pool.execute("update idempotency_keys set expires_at = now() - interval '1 second'")
    assert (await counter.ask("b", "k"))[1] is False
    assert (await counter.ask("b", "k"))[1] is True
    assert await counter.seen() == ["a", "b"]


async def test_a_caller_who_goes_before_his_turn_leaves_nothing_and_one_who_goes_later_is_kept(
    counter: Counter,
) -> None:
    counter.gate.clear()
    under_way, waits, patient = counter.ask("a", "ka"), counter.ask("b", "kb"), counter.ask("c", "kc")
    await asyncio.sleep(0)
    under_way.cancel()
    waits.cancel()
    await asyncio.sleep(0)
    counter.gate.set()
    await patient
    assert await counter.seen() == ["a", "c"]
    assert await counter.ask("a", "ka") == ("1", True)


async def test_a_lock_that_is_never_given_back_ends_in_a_conflict_for_everybody_who_needs_it(counter: Counter) -> None:
    counter.patience = "50ms"
    async with counter.database.pool.acquire() as holder, holder.transaction():
        await holder.execute("lock table seen in exclusive mode")
        asked = [counter.ask(name, name) for name in "abc"]
        results = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(result) for result in results] == [Conflict] * 3
    assert (await counter.ask("a", "a"))[1] is False
