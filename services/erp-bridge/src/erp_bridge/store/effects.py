"""The ledger of effects: intent before the call, answer after it."""

from typing import Any
from uuid import UUID

import asyncpg

from erp_bridge.domain.effect import State, sources
from kit.db import Tx

SEND = """
    insert into effects as e (business_id, kind, code, subject, intent, state, attempts, created_at, updated_at)
    values ($1, $2, $3, $4, $5, 'sent', 1, now(), now())
    on conflict (business_id, kind, code) do update
    set state = 'sent', attempts = e.attempts + 1, intent = excluded.intent, subject = excluded.subject, updated_at = now()
    returning attempts
"""
NOTE = """
    insert into effects (business_id, kind, code, subject, intent, state, attempts, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, 0, now(), now())
    on conflict (business_id, kind, code) do nothing
"""
SETTLE = """
    update effects
    set state = $4, last_answer = coalesce($5, last_answer), error = $6, updated_at = now()
    where business_id = $1 and kind = $2 and code = $3 and state = any($7)
"""

FOUND = """
    update effects set state = 'confirmed', error = '', updated_at = now()
    where business_id = $1 and kind = $2 and code = any($3::text[]) and state <> 'confirmed'
"""
ONE = "select state, intent, last_answer from effects where business_id = $1 and kind = $2 and code = $3"
ALL_OF_SUBJECT = """
    select kind, code, state, attempts, intent, last_answer, error, created_at, updated_at
    from effects where business_id = $1 and subject = $2
    order by created_at, kind, code
"""
OF_SUBJECT = "select code, intent from effects where business_id = $1 and kind = $2 and subject = $3"


async def send(tx: Tx, business: UUID, kind: str, code: str, subject: str, intent: dict[str, Any]) -> int:
    """Notes that a call goes out now, and returns how many times it then has; must be committed before the call."""
    attempts: int = await tx.connection.fetchval(SEND, business, kind, code, subject, intent)
    return attempts


async def note(
    tx: Tx, business: UUID, kind: str, code: str, subject: str, intent: dict[str, Any], state: State
) -> None:
    """Notes an effect that is wanted and not sent, unless it is known."""
    await tx.connection.execute(NOTE, business, kind, code, subject, intent, state)


def settle(
    tx: Tx, business: UUID, kind: str, code: str, state: State, answer: dict[str, Any] | None = None, error: str = ""
) -> None:
    """Notes what became of a call."""
    tx.later(SETTLE, business, kind, code, state, answer, error, sources(state))


async def found(tx: Tx, business: UUID, kind: str, codes: list[str]) -> None:
    """Notes that the ERP shows these effects, whatever was known of them."""
    await tx.connection.execute(FOUND, business, kind, codes)


async def one(tx: Tx, business: UUID, kind: str, code: str) -> asyncpg.Record | None:
    """Returns state, intent, and last answer of an effect."""
    return await tx.connection.fetchrow(ONE, business, kind, code)


async def all_of_subject(tx: Tx, business: UUID, subject: str) -> list[asyncpg.Record]:
    """Returns a subject's effects, in the order of their wanting."""
    return await tx.connection.fetch(ALL_OF_SUBJECT, business, subject)


async def of_subject(tx: Tx, business: UUID, kind: str, subject: str) -> dict[str, dict[str, Any]]:
    """Returns the intents of a subject's effects, by code."""
    return {row["code"]: row["intent"] for row in await tx.connection.fetch(OF_SUBJECT, business, kind, subject)}
