"""Completions: attempts to complete a sale, and where each stands."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kit.db import Tx
from sales.domain.discount import Limits
from sales.domain.sale import Sale
from sales.store.sales import ITEMS_OF_SALE, SALE_COLUMNS, sale_of

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
# The sale cannot change while an attempt at it is under way.
ATTEMPT_WITH_SALE = f"""
    select now() as now, {SALE_COLUMNS}, {ITEMS_OF_SALE}, {", ".join(f"attempt_{name}" for name in Attempt.__slots__)}
    from (
        select business_id as attempt_business, {", ".join(f"{name} as attempt_{name}" for name in Attempt.__slots__)}
        from completions
    ) as attempt
    join sales s on s.business_id = attempt_business and s.id = attempt_sale_id
    where attempt_business = $1 and attempt_id = $2
"""
SALE_TO_COMPLETE = f"""
    select now() as now, {SALE_COLUMNS}, {ITEMS_OF_SALE}, b.staff_discount_limit, b.manager_discount_limit,
        exists (select from completions c where c.business_id = $1 and c.key = $3 and c.key <> '') as key_is_used
    from sales s
    join (select business_id, staff_discount_limit, manager_discount_limit from businesses) b using (business_id)
    where s.business_id = $1 and id = $2
"""
ATTEMPT_OF_KEY = f"select {COLUMNS} from completions where business_id = $1 and key = $2 and key <> ''"
BEGIN = """
    insert into completions (business_id, id, sale_id, state, key, digest, plan, caller, created_at)
    values ($1, $2, $3, 'running', $4, $5, $6, $7, $8)
"""
REVERT = """
    update completions set state = 'reverting', error = $3 where business_id = $1 and id = $2 and state = 'running' returning 1
"""
# A refused call uses up no key.
REFUSE = "update completions set state = 'refused', key = '', settled_at = now() where business_id = $1 and id = $2"
FINISH = """
    update completions set state = 'done', answer = $3, settled_at = now()
    where business_id = $1 and id = $2 and state = 'running'
    returning 1
"""
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


async def with_sale(tx: Tx, attempt_id: UUID) -> tuple[Attempt, Sale]:
    """Returns an attempt of the caller's business with its sale, and sets the transaction's clock."""
    row = await tx.connection.fetchrow(ATTEMPT_WITH_SALE, tx.business, attempt_id)
    assert row is not None, "attempts are never removed"
    tx.now = row["now"]
    return Attempt(*(row[f"attempt_{name}"] for name in Attempt.__slots__)), sale_of(row)


async def to_complete(tx: Tx, sale_id: UUID, key: str) -> tuple[Sale, Limits, bool] | None:
    """Returns a sale, its business's limits, and whether the key stands for an attempt; sets the transaction's clock."""
    row = await tx.connection.fetchrow(SALE_TO_COMPLETE, tx.business, sale_id, key)
    if row is None:
        return None
    tx.now = row["now"]
    return sale_of(row), Limits(row["staff_discount_limit"], row["manager_discount_limit"]), row["key_is_used"]


async def attempt_of_key(tx: Tx, key: str) -> Attempt | None:
    """Returns the attempt that a caller's key stands for."""
    row = await tx.connection.fetchrow(ATTEMPT_OF_KEY, tx.business, key)
    return Attempt(**row) if row else None


def begin(tx: Tx, new: Attempt) -> None:
    """Saves a new attempt."""
    tx.later(BEGIN, tx.business, new.id, new.sale_id, new.key, new.digest, new.plan, new.caller, tx.now)


def revert(tx: Tx, attempt_id: UUID, error: dict[str, Any]) -> None:
    """Says that an attempt has failed, and why; what it did is to be undone. It must still be under way."""
    tx.guarded(REVERT, tx.business, attempt_id, error)


def refuse(tx: Tx, attempt_id: UUID) -> None:
    """Says that everything a locked attempt did is undone."""
    tx.later(REFUSE, tx.business, attempt_id)


def finish(tx: Tx, attempt_id: UUID, answer: bytes) -> None:
    """Says that an attempt has succeeded, and what its caller is answered. It must still be under way."""
    tx.guarded(FINISH, tx.business, attempt_id, answer)


async def stray(tx: Tx, seconds: float, limit: int) -> list[tuple[UUID, UUID]]:
    """Returns business and id of attempts that are under way for longer than anybody drives one."""
    return [tuple(row) for row in await tx.connection.fetch(STRAY, seconds, limit)]
