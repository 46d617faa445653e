"""Completions: attempts to complete a sale, and where each stands."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kit.db import Tx

RUNNING, REVERTING, DONE, REFUSED = "running", "reverting", "done", "refused"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: what the sale is to become (`plan`), for whom, and how it ended."""

    id: UUID
    sale_id: UUID
    state: str
    key: str
    digest: bytes
    plan: dict[str, Any]
    caller: dict[str, Any]
    error: dict[str, Any] | None
    answer: bytes | None


COLUMNS = ", ".join(Attempt.__slots__)
ATTEMPT = f"select {COLUMNS} from completions where business_id = $1 and id = $2"
LOCKED_ATTEMPT = f"{ATTEMPT} for update"
ATTEMPT_OF_KEY = f"select {COLUMNS} from completions where business_id = $1 and key = $2 and key <> ''"
BEGIN = """
    insert into completions (business_id, id, sale_id, state, key, digest, plan, caller, created_at)
    values ($1, $2, $3, 'running', $4, $5, $6, $7, $8)
"""
REVERT = "update completions set state = 'reverting', error = $3 where business_id = $1 and id = $2"
# A refused call uses up no key.
REFUSE = "update completions set state = 'refused', key = '', settled_at = now() where business_id = $1 and id = $2"
FINISH = "update completions set state = 'done', answer = $3, settled_at = now() where business_id = $1 and id = $2"
STRAY = """
    select business_id, id from completions
    where state in ('running', 'reverting') and created_at < now() - make_interval(secs => $1)
    order by created_at limit $2
"""


async def attempt(tx: Tx, attempt_id: UUID, *, lock: bool = False) -> Attempt:
    """Returns an attempt of the caller's business."""
    row = await tx.connection.fetchrow(LOCKED_ATTEMPT if lock else ATTEMPT, tx.business, attempt_id)
    assert row is not None, "attempts are never removed"
    return Attempt(**row)


async def attempt_of_key(tx: Tx, key: str) -> Attempt | None:
    """Returns the attempt that a caller's key stands for."""
    row = await tx.connection.fetchrow(ATTEMPT_OF_KEY, tx.business, key)
    return Attempt(**row) if row else None


def begin(tx: Tx, new: Attempt) -> None:
    """Saves a new attempt."""
    tx.later(BEGIN, tx.business, new.id, new.sale_id, new.key, new.digest, new.plan, new.caller, tx.now)


def revert(tx: Tx, attempt_id: UUID, error: dict[str, Any]) -> None:
    """Says that a locked attempt has failed, and why; what it did is to be undone."""
    tx.later(REVERT, tx.business, attempt_id, error)


def refuse(tx: Tx, attempt_id: UUID) -> None:
    """Says that everything a locked attempt did is undone."""
    tx.later(REFUSE, tx.business, attempt_id)


def finish(tx: Tx, attempt_id: UUID, answer: bytes) -> None:
    """Says that a locked attempt has succeeded, and what its caller is answered."""
    tx.later(FINISH, tx.business, attempt_id, answer)


async def stray(tx: Tx, seconds: float, limit: int) -> list[tuple[UUID, UUID]]:
    """Returns business and id of attempts that are under way for longer than anybody drives one."""
    return [tuple(row) for row in await tx.connection.fetch(STRAY, seconds, limit)]
