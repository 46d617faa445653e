"""Payment intents and what was asked of their providers. Whoever asks something locks the intent first."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from kit.db import Tx
from kit.errors import NotFound
from sales.domain.intent import Intent, Operation

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
OPERATION_NAMES = tuple(Operation.__slots__)
OPERATION_COLUMNS = ", ".join(OPERATION_NAMES)
OPERATIONS = f"""
    select {OPERATION_COLUMNS} from payment_operations
    where business_id = $1 and intent_id = any($2::uuid[]) order by intent_id, id
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
