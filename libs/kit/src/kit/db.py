"""Transactions: one pool, one helper that opens them, and a bounded retry where PostgreSQL asks for one."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import asyncpg
import orjson
from google.protobuf.message import Message

from kit.errors import Conflict, DomainError, Invalid, Unavailable
from kit.identity import NO_BUSINESS, Identity

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy
    from asyncpg.transaction import Transaction

    Connection = PoolConnectionProxy[asyncpg.Record] | asyncpg.Connection[asyncpg.Record]

T = TypeVar("T")

ATTEMPTS = 5
CLOCK = "select now() as now"
AGAIN = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    # Such as a full disk, and too many connections.
    asyncpg.InsufficientResourcesError,
    # What asyncpg says, too, when a connection breaks between two of its steps, or when of several servers none takes writes yet.
    asyncpg.InternalClientError,
)
SERVER_SETTINGS = {
    "lock_timeout": "5s",
    "statement_timeout": "20s",
    "idle_in_transaction_session_timeout": "30s",
    # A backend whose client was killed gives its locks back within a second.
    "client_connection_check_interval": "1s",
    # Statements are prepared once a connection; planning them anew for each call cost more than running them.
    "plan_cache_mode": "force_generic_plan",
    # Such a plan is made while tables may still be tiny, and must be right when they are not: by index.
    "enable_seqscan": "off",
}


RETRY = Conflict("in_progress", retry_after=1)


@dataclass(slots=True)
class Tx:
    """A transaction under way. Messages that are added to `outgoing` are published if, and only if, it commits."""

    connection: "Connection"
    identity: Identity | None = None
    now: datetime = field(init=False)
    """When it began, by the database's clock (for a read: by this machine's, since its statements judge time themselves)."""
    transaction: "Transaction | None" = None
    """What PostgreSQL has been told to begin; None while each statement stands alone."""
    request_id: str = ""
    address: str = ""
    agent: str = ""
    outgoing: list[tuple[UUID, str, Message]] = field(default_factory=list)
    """Business, aggregate, and message: see kit.outbox."""
    committed: list[Callable[[], None]] = field(default_factory=list)
    """Called after the commit, in order; must not fail."""
    deferred: list[tuple[str, tuple[Any, ...], bool]] = field(default_factory=list)
    overtaken: DomainError = RETRY
    """What it means when a guarded statement finds no row."""
    conflicts: "dict[str, DomainError]" = field(default_factory=dict)
    """What it means when a unique constraint is violated, by the constraint's name; RETRY: look again."""

    def later(self, statement: str, *arguments: Any) -> None:
        """Runs a plain insert, update, or delete at the end, together with all others of the transaction, in one round trip.

        They all see the rows as they were before, so no two may touch the same row.
        """
        self.deferred.append((statement, arguments, False))

    def guarded(self, statement: str, *arguments: Any) -> None:
        """As `later`, for a statement that ends in `returning 1`: if it finds no row, all is undone, and `overtaken` raised.

        Unless that was set to something else, all is then done anew from the beginning.
        """
        self.deferred.append((statement, arguments, True))

    def later_row(self, statement: str, *values: Any) -> None:
        """As `later`, for a statement that takes each column as an array: the rows of all calls for it are written by one."""
        for text, columns, _ in self.deferred:
            if text is statement:
                for column, value in zip(columns, values, strict=True):
                    column.append(value)
                return
        self.later(statement, *([value] for value in values))

    async def flush(self) -> None:
        """Runs what was put off until now; what comes next sees it, and may touch the same rows."""
        if self.deferred:
            arguments = [argument for _, each, _ in self.deferred for argument in each]
            statement = _combined(*((text, len(each), guard) for text, each, guard in self.deferred))
            try:
                await self.connection.execute(statement, *arguments)
            except asyncpg.DivisionByZeroError as error:
                raise self.overtaken from error
            self.deferred.clear()

    async def begin(self) -> None:
        """Makes what follows one transaction, where `Database.write` began none."""
        if not self.transaction:
            transaction = self.connection.transaction()
            await transaction.start()
            self.transaction = transaction

    async def commit(self) -> None:
        """Commits what was begun."""
        if self.transaction:
            await self.transaction.commit()

    async def roll_back(self) -> None:
        """Undoes what was begun."""
        if self.transaction:
            await self.transaction.rollback()

    @property
    def business(self) -> UUID:
        """The tenant of the caller."""
        return self.identity.business_id if self.identity else NO_BUSINESS

    @property
    def actor(self) -> str:
        """The verified identity for events and audit rows."""
        return self.identity.subject if self.identity else "system"


Work = Callable[[Tx, asyncpg.Record], Awaitable[T]]
"""Does the work of a transaction; gets the row of the opening statement, too."""
Closing = Callable[[Tx], bool]
"""Adds what must be written last in every transaction; tells whether there is something to publish."""


class Database:
    """The process's database. `closing` writes the outbox; `published` is called after a commit that filled it."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", closing: Closing, published: Callable[[], None]) -> None:
        self.pool = pool
        self._closing = closing
        self._published = published

    async def run(self, work: Work[T], opening: str = CLOCK, *arguments: Any, identity: Identity | None = None) -> T:
        """Runs work in one transaction and returns its result; the opening statement must return one row with `now`.

        A serialization failure or deadlock is tried again a few times, then raises Conflict; work must therefore have no
        effect outside the transaction. A database that cannot be reached raises Unavailable.
        """

        async def opened(tx: Tx) -> T:
            await tx.begin()
            row = await tx.connection.fetchrow(opening, *arguments)
            assert row is not None, "an opening statement returns one row"
            tx.now = row["now"]
            return await work(tx, row)

        return await self.write(opened, identity)

    async def write(self, work: Callable[[Tx], Awaitable[T]], identity: Identity | None = None) -> T:
        """Runs work that reads what it likes and writes by `Tx.later` and `Tx.guarded` alone, and returns its result.

        All that was put off is one statement, so it is a transaction without being told so, which saves two round trips. What was
        read may have changed when it runs: what must not have is `guarded`. Work that has to lock, to write before the end, or to
        flush, first awaits `Tx.begin`. `Tx.now` must be set from what the work reads. Tried again and failing as `run`.
        """
        for attempt in range(ATTEMPTS):
            try:
                return await self._once(work, identity)
            except AGAIN:
                await asyncio.sleep(random.uniform(0, 0.005 * 2**attempt))
            except Conflict as error:
                if error is not RETRY:
                    raise
            except asyncpg.LockNotAvailableError:
                break
        raise Conflict("in_progress", retry_after=1)

    async def _once(self, work: Callable[[Tx], Awaitable[T]], identity: Identity | None) -> T:
        tx: Tx | None = None
        try:
            async with self.pool.acquire() as connection:
                tx = Tx(connection, identity)
                try:
                    result = await work(tx)
                    published = self._closing(tx)
                    await tx.flush()
                except BaseException:
                    await tx.roll_back()
                    raise
                await tx.commit()
        except asyncpg.UniqueViolationError as error:
            raise (tx.conflicts if tx else {}).get(error.constraint_name or "", error) from error
        except LOST as error:
            if _mistaken(error):
                raise
            raise Unavailable("unavailable", retry_after=1) from error
        except (asyncpg.UntranslatableCharacterError, asyncpg.CharacterNotInRepertoireError) as error:
            raise Invalid("invalid_text") from error
        for call in tx.committed:
            call()
        if published:
            self._published()
        return result

    async def read(self, work: Callable[[Tx], Awaitable[T]], identity: Identity | None = None) -> T:
        """Runs statements that only read, each seeing the latest commit; raises Unavailable."""
        try:
            async with self.pool.acquire() as connection:
                tx = Tx(connection, identity)
                tx.now = datetime.now(UTC)
                return await work(tx)
        except LOST as error:
            if _mistaken(error):
                raise
            raise Unavailable("unavailable", retry_after=1) from error


def _mistaken(error: Exception) -> bool:
    """Whether asyncpg refuses a statement's arguments: no connection would take them, so waiting for a better one is no help."""
    return isinstance(error, asyncpg.InterfaceError) and str(error).startswith("the server expects")


@lru_cache(1000)
def _combined(*statements: tuple[str, int, bool]) -> str:
    """Returns statements as one whose arguments are theirs in a row; each is given with their number and whether it is guarded.

    A guarded one that finds no row divides by zero: that is how a statement without a function of its own undoes itself.
    """
    if len(statements) == 1 and not statements[0][2]:
        return statements[0][0]
    parts, guards, offset = [], [], 0
    for index, (text, count, guard) in enumerate(statements):
        shifted = re.sub(r"\$(\d+)", lambda found: f"${int(found[1]) + offset}", text)  # noqa: B023  # used at once
        parts.append(f"w{index} as ({shifted})")
        if guard:
            guards.append(f"1 / (select count(*) from w{index})")
        offset += count
    return f"with {', '.join(parts)} select {', '.join(guards)}"


async def connect(url: str, size: int) -> "asyncpg.Pool[asyncpg.Record]":
    """Opens a pool of at most size connections; JSON columns are read and written as Python values."""

    async def prepare(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        for name in ("json", "jsonb"):
            await connection.set_type_codec(name, schema="pg_catalog", encoder=_json, decoder=orjson.loads)

    async def keep(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Saves the round trip that would undo session state: nothing here sets any."""

    return await asyncpg.create_pool(
        url, min_size=0, max_size=size, init=prepare, reset=keep, server_settings=SERVER_SETTINGS
    )


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
