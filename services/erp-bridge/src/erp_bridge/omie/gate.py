"""The gate that all processes of the bridge pass through: one row a method in PostgreSQL, locked for a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg

from erp_bridge.domain import limits
from erp_bridge.domain.limits import Pace, Standing
from erp_bridge.omie.answers import COUNTED, Answer, Kind
from kit.db import Database, Tx
from kit.identity import NO_BUSINESS
from kit.ids import uuid7

ALL = "*"
"""Stands for all methods; sorts before every name, so it is always locked first."""
# Limits belong to the account and not to a business: the business of these rows is zero.
MAKE_METHODS = """
    insert into omie_methods (business_id, account, method, next_at)
    select $1, $2, method, now() from unnest($3::text[]) method
    on conflict (business_id, account, method) do nothing
"""
LOCKED_METHODS = """
    select method, next_at, errors, blocked_until
    from omie_methods
    where business_id = $1 and account = $2 and method = any($3::text[])
    order by method
    for update
"""
# Asked for again once the lock is held: the time of the transaction may be from before a long wait for it.
NOW_AND_LEASES = """
    select clock_timestamp() as now, (
        select count(*) from omie_leases
        where business_id = $1 and account = $2 and method = $3 and expires_at > clock_timestamp()
    ) as in_flight
"""
ASKED = """
    select digest, asked_at, answer
    from omie_questions
    where business_id = $1 and account = $2 and method = $3 and digest = any($4::bytea[]) and asked_at > $5
"""
NOTE_QUESTION = """
    insert into omie_questions (business_id, account, method, digest, asked_at)
    values ($1, $2, $3, $4, $5)
    on conflict (business_id, account, method, digest) do update set asked_at = excluded.asked_at, answer = null
"""
TAKE_LEASE = "insert into omie_leases (business_id, account, method, id, expires_at) values ($1, $2, $3, $4, $5)"
COUNT_CALL = """
    update omie_methods m set next_at = due.at, calls = m.calls + 1
    from unnest($3::text[], $4::timestamptz[]) due (method, at)
    where m.business_id = $1 and m.account = $2 and m.method = due.method
"""
PROLONG_LEASE = """
    update omie_leases set expires_at = now() + $5::interval
    where business_id = $1 and account = $2 and method = $3 and id = $4
"""
DROP_LEASE = "delete from omie_leases where business_id = $1 and account = $2 and method = $3 and id = $4"
NOTE_ANSWER = """
    update omie_questions set asked_at = now() + $5::interval, answer = $6
    where business_id = $1 and account = $2 and method = $3 and digest = $4
"""
NOTE_REFUSAL = """
    update omie_methods
    set errors = $4, refusals = refusals + 1, last_refusal = $5, last_refused_at = now(),
        blocked_until = coalesce(now() + $6::interval, blocked_until)
    where business_id = $1 and account = $2 and method = $3
"""
CLOSE_BREAKER = """
    update omie_methods set errors = '{}', blocked_until = null
    where business_id = $1 and account = $2 and method = $3
    returning method
"""
STANDINGS = """
    select m.method, m.next_at, m.errors, m.blocked_until, m.calls, m.refusals, m.last_refusal, now() as now, (
        select count(*) from omie_leases l
        where (l.business_id, l.account, l.method) = (m.business_id, m.account, m.method) and l.expires_at > now()
    ) as in_flight
    from omie_methods m
    where m.business_id = $1 and m.account = $2 and m.method <> '*'
    order by m.method
"""
OLD_LEASES = "delete from omie_leases where expires_at < now() - interval '1 minute'"
OLD_QUESTIONS = "delete from omie_questions where asked_at < now() - interval '2 minutes'"


class Reason(StrEnum):
    """Why a call may not go out."""

    RATE = "rate_limited"
    OPEN = "breaker_open"
    ASKED = "asked_lately"


@dataclass(frozen=True, slots=True)
class Entry:
    """The gate's word: a lease and which of the questions to ask, or how long to wait, or an answer it remembers."""

    method: str
    lease: UUID | None = None
    variant: int = 0
    digest: bytes = b""
    writes: bool = False
    wait: float = 0.0
    reason: Reason = Reason.RATE
    """Why it waits."""
    remembered: dict[str, Any] | None = None


class Gate:
    """Lets the calls of one account out."""

    def __init__(self, database: Database, account: str, pace: Pace = limits.USUAL) -> None:
        self._database = database
        self._account = account
        self.pace = pace

    async def enter(
        self, method: str, questions: Sequence[bytes], *, writes: bool, most_errors: int = limits.ERRORS
    ) -> Entry:
        """Asks to call a method with one of several equivalent questions, given by their digests.

        The first that was not asked lately is let out; when all were, the entry has the last answer or the time to wait.
        """

        async def work(tx: Tx, _: object) -> Entry:
            standings = await self._standings(tx, method)
            now = standings[ALL][1]
            verdict = limits.judge(
                standings[method][0], standings[ALL][0], now, self.pace, writes=writes, most_errors=most_errors
            )
            if verdict.wait:
                return Entry(method, wait=verdict.wait, reason=Reason.OPEN if verdict.is_open else Reason.RATE)
            since = now - self.pace.redundant
            asked = await tx.connection.fetch(ASKED, NO_BUSINESS, self._account, method, list(questions), since)
            variant = _first_new(questions, asked)
            if variant is None:
                return _remembered(method, questions, asked, now, self.pace)
            await self._let_out(tx, method, lease := uuid7(), questions[variant], standings, now)
            return Entry(method, lease, variant, questions[variant], writes)

        return await self._database.run(work)

    async def _standings(self, tx: Tx, method: str) -> dict[str, tuple[Standing, datetime]]:
        names = [ALL, method]
        await tx.connection.execute(MAKE_METHODS, NO_BUSINESS, self._account, names)
        rows = await tx.connection.fetch(LOCKED_METHODS, NO_BUSINESS, self._account, names)
        [present] = await tx.connection.fetch(NOW_AND_LEASES, NO_BUSINESS, self._account, method)
        return {
            row["method"]: (
                Standing(row["next_at"], row["errors"], row["blocked_until"], present["in_flight"]),
                present["now"],
            )
            for row in rows
        }

    async def _let_out(
        self,
        tx: Tx,
        method: str,
        lease: UUID,
        digest: bytes,
        standings: dict[str, tuple[Standing, datetime]],
        now: datetime,
    ) -> None:
        place = (NO_BUSINESS, self._account, method)
        await tx.connection.execute(NOTE_QUESTION, *place, digest, now)
        tx.later(TAKE_LEASE, *place, lease, now + limits.LEASE)
        due = [
            limits.after_call(standings[ALL][0].next_at, now, self.pace.all_per_minute),
            limits.after_call(standings[method][0].next_at, now, self.pace.method_per_minute),
        ]
        tx.later(COUNT_CALL, NO_BUSINESS, self._account, [ALL, method], due)

    async def prolong(self, entry: Entry) -> None:
        """Says that the call is still under way."""

        async def work(tx: Tx, _: object) -> None:
            await tx.connection.execute(
                PROLONG_LEASE, NO_BUSINESS, self._account, entry.method, entry.lease, limits.LEASE
            )

        await self._database.run(work)

    async def leave(self, entry: Entry, answer: Answer, remember: dict[str, Any] | None) -> None:
        """Says what came of the call; an answer to remember serves when the same is asked again too early."""
        place = (NO_BUSINESS, self._account, entry.method)
        # After a refusal as redundant, Omie itself has said when it will listen.
        shift = timedelta(seconds=answer.wait) - self.pace.redundant if answer.kind is Kind.REDUNDANT else timedelta()
        if answer.kind is Kind.UNREACHABLE or (
            entry.writes and answer.kind not in (Kind.OK, Kind.UNKNOWN, Kind.REDUNDANT)
        ):
            # Nothing was done: a write that is to be repeated is no repetition, and Omie says so if it thinks otherwise.
            shift = -self.pace.redundant

        async def work(tx: Tx, _: object) -> None:
            tx.later(DROP_LEASE, *place, entry.lease)
            tx.later(NOTE_ANSWER, *place, entry.digest, shift, remember)
            if answer.kind in COUNTED or answer.kind is Kind.BLOCKED:
                await self._refused(tx, entry.method, answer)

        await self._database.run(work)

    async def _refused(self, tx: Tx, method: str, answer: Answer) -> None:
        [row] = await tx.connection.fetch(LOCKED_METHODS, NO_BUSINESS, self._account, [method])
        errors = limits.still_counting(row["errors"], tx.now, self.pace)
        if answer.kind in COUNTED:
            errors.append(tx.now)
        block = timedelta(seconds=answer.wait) if answer.kind is Kind.BLOCKED else None
        tx.later(NOTE_REFUSAL, NO_BUSINESS, self._account, method, errors, f"{answer.code}: {answer.text}", block)

    async def has_room(self, method: str, most_errors: int) -> bool:
        """Tells whether the breaker of a method would be closed to those who leave so many errors to others."""

        async def work(tx: Tx) -> bool:
            rows = [row for row in await self.standings(tx) if row["method"] == method]
            standings = [Standing(row["next_at"], row["errors"], row["blocked_until"]) for row in rows]
            return not any(limits.open_until(each, tx.now, self.pace, most_errors) for each in standings)

        return await self._database.read(work)

    async def close_breaker(self, tx: Tx, method: str) -> bool:
        """Forgets the errors and the block of a method; tells whether it was ever called."""
        return bool(await tx.connection.fetch(CLOSE_BREAKER, NO_BUSINESS, self._account, method))

    async def standings(self, tx: Tx) -> list[asyncpg.Record]:
        """Returns how each method stands, by name."""
        return await tx.connection.fetch(STANDINGS, NO_BUSINESS, self._account)


def _first_new(questions: Sequence[bytes], asked: Sequence[asyncpg.Record]) -> int | None:
    known = {row["digest"] for row in asked}
    return next((at for at, digest in enumerate(questions) if digest not in known), None)


def _remembered(
    method: str, questions: Sequence[bytes], asked: Sequence[asyncpg.Record], now: datetime, pace: Pace
) -> Entry:
    latest = max(asked, key=lambda row: (row["answer"] is not None, row["asked_at"]))
    first = min(row["asked_at"] for row in asked)
    wait = (first + pace.redundant - now).total_seconds()
    variant = questions.index(latest["digest"])
    wait = max(wait, limits.PARALLEL_PAUSE)
    return Entry(method, variant=variant, wait=wait, reason=Reason.ASKED, remembered=latest["answer"])


async def tidy(database: Database) -> bool:
    """Removes leases of killed processes and questions that may be asked again."""

    async def work(tx: Tx, _: object) -> None:
        await tx.connection.execute(OLD_LEASES)
        await tx.connection.execute(OLD_QUESTIONS)

    await database.run(work)
    return False
