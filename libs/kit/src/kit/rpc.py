"""The frame of every RPC: one transaction, and for a call with a key, its answer kept beside its effect."""

import hashlib
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

import asyncpg
from google.protobuf.message import Message

from kit import metrics
from kit.call import Call, current
from kit.db import Database, Tx
from kit.errors import Conflict, DomainError, Refused

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)
Place = tuple[UUID, str, str]
"""Where an answer is kept: business, scope, and key."""
REPEATED = Conflict("in_progress", retry_after=1)

CLAIM = """
    with claimed as (
        insert into idempotency_keys as k (business_id, scope, key, digest, expires_at)
        values ($1, $2, $3, $4, now() + interval '24 hours')
        on conflict (business_id, scope, key) do update
        set digest = excluded.digest, expires_at = excluded.expires_at, answer = null
        where k.expires_at < now()
        returning 1
    )
    select now() as now, exists (select from claimed) as claimed
"""
ANSWERED = "select digest, answer from idempotency_keys where business_id = $1 and scope = $2 and key = $3"
KEEP = """
    insert into idempotency_keys (business_id, scope, key, digest, answer, expires_at)
    values ($1, $2, $3, $4, $5, now() + interval '24 hours')
"""
ANSWER = "update idempotency_keys set answer = $4 where business_id = $1 and scope = $2 and key = $3"


def rpc(
    operation: Callable[[Any, Tx, Request], Awaitable[Response]],
) -> Callable[[Any, Request, Any], Awaitable[Response]]:
    """Turns `async def Method(self, tx, request)` into an RPC method; the servicer has the Database as `self.database`.

    A method that writes runs in one transaction. When the caller gave a key, a repeat gets the first call's answer, a twin in
    flight waits for it, and another request under the key raises Refused(`idempotency_key_reuse`). A call that raises uses up no
    key.
    """

    @wraps(operation)
    async def method(self: Any, request: Request, _: Any) -> Response:
        return await answer(self, operation, request)

    return method


async def answer(
    servicer: Any, operation: Callable[[Any, Tx, Request], Awaitable[Response]], request: Request
) -> Response:
    """Runs the operation as @rpc does, for methods that have something to do before their transaction."""
    call = current.get()
    database: Database = servicer.database
    if not call.method.writes:
        return await database.read(lambda tx: operation(servicer, known(tx, call), request), call.identity)
    if kept := place(call, request):
        return await _once(database, call, kept, lambda tx: operation(servicer, known(tx, call), request), request)
    return await database.run(lambda tx, _: operation(servicer, known(tx, call), request), identity=call.identity)


async def write(
    servicer: Any, operation: Callable[[Any, Tx, Request], Awaitable[Response]], request: Request
) -> Response:
    """Runs an operation that writes as Database.write has it, with the promises of @rpc.

    The key is written with the rest, not before it: twins in flight both do the work, and only one can write.
    """
    call = current.get()
    database: Database = servicer.database
    kept = place(call, request)

    async def work(tx: Tx) -> Response:
        response = await operation(servicer, known(tx, call), request)
        if kept:
            tx.conflicts["idempotency_keys_pkey"] = REPEATED
            tx.later(KEEP, *kept, digest(request), response.SerializeToString())
        return response

    try:
        return await database.write(work, call.identity)
    except DomainError as error:
        if not kept or (error is not REPEATED and not await answered(servicer, request)):
            raise
    return await _once(database, call, kept, lambda tx: operation(servicer, known(tx, call), request), request)


async def answered(servicer: Any, request: Message) -> bool:
    """Tells whether the call repeats one that was answered, so that what would come before its transaction is not done again."""
    call = current.get()
    database: Database = servicer.database
    if not (kept := place(call, request)):
        return False
    return bool(await database.read(lambda tx: tx.connection.fetch(ANSWERED, *kept)))


def place(call: Call, request: Message) -> Place | None:
    """Returns where the call's answer is kept; None when the caller gave no key."""
    key = call.method.key(request)
    return (call.identity.business_id, call.method.scope(request), key) if key else None


def digest(request: Message) -> bytes:
    """Returns what tells the request from another one under the same key."""
    return hashlib.sha256(request.SerializeToString(deterministic=True)).digest()


async def _once(
    database: Database, call: Call, kept: Place, work: Callable[[Tx], Awaitable[Response]], request: Message
) -> Response:
    asked = digest(request)

    async def claimed(tx: Tx, row: asyncpg.Record) -> Response:
        if not row["claimed"]:
            [row] = await tx.connection.fetch(ANSWERED, *kept)
            return cast("Response", replayed(call, kept, asked, *row))
        response = await work(tx)
        tx.later(ANSWER, *kept, response.SerializeToString())
        return response

    return await database.run(claimed, CLAIM, *kept, asked, identity=call.identity)


def replayed(call: Call, kept: Place, asked: bytes, first: bytes, answer: bytes) -> Any:
    """Returns the answer of the call that used the key first; raises Refused(`idempotency_key_reuse`) if its digest differs."""
    if asked != first:
        raise Refused("idempotency_key_reuse", key=kept[2])
    call.replayed = True
    metrics.REPLAYS.labels(call.method.operation).inc()
    return call.method.response.FromString(answer)


def known(tx: Tx, call: Call) -> Tx:
    """Returns the transaction as the call's own: what it writes from now on is done by its caller."""
    tx.identity = call.identity
    tx.request_id, tx.address, tx.agent = call.request_id, call.address, call.agent
    return tx
