"""Calls that fight over the same rows, answered together in one transaction, with the promises that @rpc gives to each."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic
from uuid import UUID

import asyncpg

from kit import metrics
from kit.call import Call, current
from kit.db import RETRY, Database, Tx
from kit.errors import DomainError, Unavailable
from kit.lanes import LANES, Lanes
from kit.rpc import Place, Request, Response, digest, place, replayed

# By their position in the batch: keys that were used before, with what was answered, and keys whose time is over.
USED = """
    with found as (
        select n, digest, answer, expires_at < now() as over
        from unnest($1::uuid[], $2::text[], $3::text[]) with ordinality as asked (business_id, scope, key, n)
        join idempotency_keys using (business_id, scope, key)
    )
    select now() as now, array(select n from found where over) as over,
        array(select n from found where not over order by n) as used,
        array(select digest from found where not over order by n) as digests,
        array(select answer from found where not over order by n) as answers
"""
FORGET = """
    delete from idempotency_keys
    where (business_id, scope, key) in (select * from unnest($1::uuid[], $2::text[], $3::text[])) and expires_at < now()
"""
KEEP = """
    insert into idempotency_keys (business_id, scope, key, digest, answer, expires_at)
    select kept.*, now() + interval '24 hours'
    from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::bytea[]) as kept
"""


@dataclass(slots=True, eq=False)
class Asked(Generic[Request, Response]):
    """One call: who asks what."""

    call: Call
    request: Request
    touched: frozenset[Hashable]
    only: Place | None
    """Its key, of which there may be one in a batch; None when the caller gave none."""
    given: Any = None
    """What was found out for it before."""
    answer: "asyncio.Future[Response]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def business(self) -> UUID:
        """The tenant of the caller."""
        return self.call.identity.business_id

    @property
    def gone(self) -> bool:
        """Whether the caller does not wait any more."""
        return self.answer.done()

    def settle(self, result: "Response | BaseException") -> None:
        """Answers the caller, unless he has gone."""
        if self.gone:
            return
        if isinstance(result, BaseException):
            self.answer.set_exception(result)
        else:
            self.answer.set_result(result)


Batch = Sequence[Asked[Request, Response]]
Work = Callable[[Tx, Batch[Request, Response]], Awaitable[Sequence[Response | DomainError]]]


class Gathering(Generic[Request, Response]):
    """Answers the calls of one RPC that writes.

    `work` does a batch of calls of any businesses, in the order of their arrival, in one transaction that has no identity of its
    own. It returns for each its answer, or the error that it is refused with: a refusal must leave nothing behind. `touched`
    names what a request fights over, within its business.
    """

    def __init__(
        self, database: Database, work: Work[Request, Response], touched: Callable[[Request], frozenset[str]]
    ) -> None:
        self._database = database
        self._work = work
        self._touched = touched
        self._lanes = Lanes(self._serve)

    async def answer(self, request: Request, given: Any = None) -> Response:
        """Returns the answer to the present call, or raises what it is refused with; `work` gets what is given with it."""
        call = current.get()
        touched: set[Hashable] = {(call.identity.business_id, each) for each in self._touched(request)}
        only = place(call, request)
        asked: Asked[Request, Response] = Asked(call, request, frozenset({*touched, only} - {None}), only, given)
        self._lanes.add(asked)
        return await asked.answer

    async def _serve(self, batch: Batch[Request, Response]) -> None:
        method = batch[0].call.method
        metrics.BATCH_SIZE.labels(method.context, method.operation).observe(len(batch))
        try:
            await self._together(batch)
        except Unavailable as error:
            for asked in batch:
                asked.settle(error)
        except Exception as error:  # noqa: BLE001  # what one call provokes must not be the others' answer
            if len(batch) == 1:
                batch[0].settle(error)
            else:
                await self._apart(batch)

    async def _apart(self, batch: Batch[Request, Response]) -> None:
        """Serves each alone, a few at a time, so that what stopped the batch stops only whom it concerns."""
        few = asyncio.Semaphore(LANES)

        async def alone(asked: Asked[Request, Response]) -> None:
            async with few:
                if not asked.gone:
                    await self._serve([asked])

        await asyncio.gather(*map(alone, batch))

    async def _together(self, batch: Batch[Request, Response]) -> None:
        keyed = [asked for asked in batch if asked.only]

        async def work(tx: Tx, row: asyncpg.Record) -> list[tuple[Asked[Request, Response], Response | DomainError]]:
            tx.conflicts["idempotency_keys_pkey"] = RETRY  # a twin in another process was faster
            if row["over"]:
                await tx.connection.execute(FORGET, *_places([keyed[n - 1] for n in row["over"]]))
            known = zip(row["used"], row["digests"], row["answers"], strict=True)
            again = {keyed[n - 1]: _again(keyed[n - 1], first, answer) for n, first, answer in known}
            fresh = [asked for asked in batch if asked not in again]
            answers = list(zip(fresh, await self._work(tx, fresh) if fresh else (), strict=True))
            _keep(tx, answers)
            return [*answers, *again.items()]

        for asked, result in await self._database.run(work, USED, *_places(keyed)):
            asked.settle(result)


def _places(batch: Batch[Request, Response]) -> list[list[Any]]:
    return [[asked.only[n] for asked in batch if asked.only] for n in range(3)]


def _again(asked: Asked[Request, Response], first: bytes, answer: bytes) -> Any:
    """Returns what the key's first call was answered, or the error that it was another request."""
    assert asked.only is not None  # only a call with a key can have been answered before
    try:
        return replayed(asked.call, asked.only, digest(asked.request), first, answer)
    except DomainError as error:
        return error


def _keep(tx: Tx, answers: Sequence[tuple[Asked[Request, Response], Response | DomainError]]) -> None:
    # Sorted, since whoever inserts a key that another transaction has inserted waits for that one's end.
    kept = sorted(
        (*asked.only, digest(asked.request), answer.SerializeToString())
        for asked, answer in answers
        if asked.only and not isinstance(answer, DomainError)
    )
    if kept:
        tx.later(KEEP, *(list(column) for column in zip(*kept, strict=True)))
