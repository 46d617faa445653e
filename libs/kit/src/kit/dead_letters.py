"""Messages that a handler could not digest: kept with their error until an operator replays them."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
from google.protobuf.message import DecodeError

from comanda.types.v1 import messaging_pb2
from kit import streams
from kit.db import Database, Tx
from kit.errors import NotFound
from kit.identity import NO_BUSINESS
from kit.ids import uuid7

NOTE = """
    insert into dead_letters (business_id, consumer, message_id, subject, message, attempts, last_error)
    values ($1, $2, $3, $4, $5, 1, $6)
    on conflict (business_id, consumer, message_id) do update
    set attempts = dead_letters.attempts + 1, last_error = excluded.last_error, failed_at = now()
    returning attempts
"""
LIST = """
    select consumer, message_id, subject, attempts, last_error, failed_at
    from dead_letters where attempts >= $1 order by failed_at desc limit $2
"""
TAKE = "delete from dead_letters where message_id = $1 and attempts >= $2 returning business_id, consumer, subject, message"
REPLAY = "insert into outbox (business_id, id, subject, aggregate, message) values ($1, $2, $3, $4, $5)"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was given up."""

    consumer: str
    message_id: str
    subject: str
    attempts: int
    last_error: str
    failed_at: datetime


async def note(database: Database, consumer: str, subject: str, data: bytes, error: Exception) -> int:
    """Records a failed attempt in a transaction of its own and returns how many there were."""
    business, identifier = _address(data)

    async def work(tx: Tx, _: asyncpg.Record) -> int:
        arguments = (business, consumer, identifier, subject, data, f"{type(error).__name__}: {error}"[:500])
        attempts: int = await tx.connection.fetchval(NOTE, *arguments)
        return attempts

    return await database.run(work)


def _address(data: bytes) -> tuple[UUID, str]:
    """Returns business and id of a serialized envelope; of something else, a digest in place of the id."""
    try:
        envelope = messaging_pb2.Envelope.FromString(data)
        return UUID(envelope.business_id), envelope.id
    except (DecodeError, ValueError):
        return NO_BUSINESS, hashlib.sha256(data).hexdigest()


async def given_up(
    connection: "asyncpg.Connection[asyncpg.Record]", attempts: int, limit: int = 100
) -> list[DeadLetter]:
    """Lists messages that failed at least that often, newest first."""
    return [DeadLetter(*row) for row in await connection.fetch(LIST, attempts, limit)]


async def replay(
    connection: "asyncpg.Connection[asyncpg.Record]", message_id: str, *, prefix: str, service: str, attempts: int
) -> None:
    """Hands the message to the handler that gave it up, and to no other, through the outbox; raises NotFound."""
    async with connection.transaction():
        row = await connection.fetchrow(TAKE, message_id, attempts)
        if row is None:
            raise NotFound("not_found", message_id=message_id)
        kind, name = row["subject"].removeprefix(f"{prefix}.").split(".", 1)
        name = name.removeprefix(f"replay.{service}.") if name.startswith("replay.") else name.rsplit(".", 1)[0]
        subject = streams.replay_subject(prefix, service, kind, name)
        await connection.execute(REPLAY, row["business_id"], uuid7(), subject, f"replay/{message_id}", row["message"])
