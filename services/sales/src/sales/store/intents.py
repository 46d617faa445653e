"""Payment intents and what was asked of their providers. Whoever asks something locks the intent first."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from kit.db import Tx
from kit.errors import NotFound
from sales.domain.intent import Intent, Operation

Place = tuple[UUID, UUID]
"""Business and id."""
NAMES = tuple(Intent.__slots__)
COLUMNS = ", ".join(NAMES)
INTENT = f"select {COLUMNS} from payment_intents where business_id = $1 and id = $2"
LOCKED_INTENT = f"{INTENT} for no key update"
INSERT = f"""
    insert into payment_intents (business_id, {COLUMNS}) values ($1, {", ".join(f"${n + 2}" for n in range(len(NAMES)))})
"""
SAVE = """
    update payment_intents
    set status = $3, captured_q = $4, refunded_q = $5, client_secret = $6, order_ref = $7, updated_at = $8
    where business_id = $1 and id = $2
"""
# Those that are named, and those of orders for which none is; in one order, so that no two batches wait for each other.
LOCKED_INTENTS = f"""
    with wanted as (
        select business_id, id from unnest($1::uuid[], $2::uuid[]) as named (business_id, id)
        union
        select i.business_id, i.id
        from unnest($3::uuid[], $4::text[]) as ordered (business_id, order_ref)
        join payment_intents i using (business_id, order_ref)
        where i.order_ref <> ''
    )
    select i.business_id, {", ".join(f"i.{name}" for name in NAMES)}
    from payment_intents i join wanted using (business_id, id)
    order by i.business_id, i.id
    for no key update of i
"""
OPERATION_NAMES = tuple(Operation.__slots__)
OPERATION_COLUMNS = ", ".join(OPERATION_NAMES)
OPERATIONS = f"""
    select {OPERATION_COLUMNS} from payment_operations
    where business_id = $1 and intent_id = any($2::uuid[]) order by intent_id, id
"""
OPERATIONS_OF = f"""
    select o.business_id, {", ".join(f"o.{name}" for name in OPERATION_NAMES)}
    from payment_operations o
    join unnest($1::uuid[], $2::uuid[]) as of (business_id, intent_id) using (business_id, intent_id)
    order by o.business_id, o.intent_id, o.id
"""
INSERT_OPERATION = f"""
    insert into payment_operations (business_id, {OPERATION_COLUMNS})
    values ($1, {", ".join(f"${n + 2}" for n in range(len(OPERATION_NAMES)))})
"""


async def intent(tx: Tx, intent_id: str, *, lock: bool = False) -> Intent:
    """Returns an intent of the caller's business; raises NotFound(`intent_not_found`), for what is no id at all, too."""
    key = identifier(intent_id)
    row = await tx.connection.fetchrow(LOCKED_INTENT if lock else INTENT, tx.business, key) if key else None
    if row is None:
        raise NotFound("intent_not_found", intent_id=intent_id)
    return Intent(**row)


def identifier(text: str) -> UUID | None:
    """Returns the id that a text is; None for one that is none, such as another system's."""
    try:
        return UUID(text)
    except ValueError:
        return None


async def lock_all(
    tx: Tx, named: Collection[tuple[UUID, UUID]], ordered: Collection[tuple[UUID, str]]
) -> tuple[dict[Place, Intent], dict[Place, list[Operation]]]:
    """Locks and returns intents, named by business and id or by business and order, with what was asked for each."""
    rows = await tx.connection.fetch(LOCKED_INTENTS, *_pair(named), *_pair(ordered))
    intents = {(row["business_id"], row["id"]): Intent(**{name: row[name] for name in NAMES}) for row in rows}
    asked: dict[Place, list[Operation]] = {place: [] for place in intents}
    for business, *values in await tx.connection.fetch(OPERATIONS_OF, *_pair(intents)) if intents else ():
        operation = Operation(*values)
        asked[(business, operation.intent_id)].append(operation)
    return intents, asked


def _pair(places: Collection[tuple[UUID, Any]]) -> list[list[Any]]:
    return [[place[0] for place in places], [place[1] for place in places]]


def insert(tx: Tx, new: Intent) -> None:
    """Saves a new intent."""
    tx.later(INSERT, tx.business, *(getattr(new, name) for name in NAMES))


def save(tx: Tx, changed: Intent) -> None:
    """Saves where a locked intent stands; once in a transaction."""
    tx.later(
        SAVE, tx.business, changed.id, changed.status, changed.captured_q, changed.refunded_q, changed.client_secret,
        changed.order_ref, changed.updated_at,
    )  # fmt: skip


async def operations(tx: Tx, intent_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Operation]]:
    """Returns what was asked for each of some intents, oldest first."""
    found: dict[UUID, list[Operation]] = {each: [] for each in intent_ids}
    for row in await tx.connection.fetch(OPERATIONS, tx.business, list(intent_ids)):
        found[row["intent_id"]].append(Operation(**row))
    return found


def insert_operation(tx: Tx, new: Operation) -> None:
    """Saves something that is asked of a provider."""
    tx.later(INSERT_OPERATION, tx.business, *(getattr(new, name) for name in OPERATION_NAMES))
