"""Payment intents and what was asked of their providers. Whoever asks something locks the intent first."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from kit.db import Tx
from kit.errors import NotFound
from sales.domain import intent as domain
from sales.domain.intent import Intent, Operation

LOOK = timedelta(minutes=1)
"""How soon an open intent is looked at again when the provider tells nothing."""
Place = tuple[UUID, UUID]
"""Business and id."""
NAMES = tuple(Intent.__slots__)
COLUMNS = ", ".join(NAMES)
INTENT = f"select {COLUMNS} from payment_intents where business_id = $1 and id = $2"
LOCKED_INTENT = f"{INTENT} for no key update"
INSERT = f"""
    insert into payment_intents (business_id, {COLUMNS}) values ($1, {", ".join(f"${n + 2}" for n in range(len(NAMES)))})
"""
CHANGED = (
    "status", "captured_q", "refunded_q", "client_secret", "order_ref", "updated_at", "provider_ref", "version", "sale_id",
)  # fmt: skip
SAVE = f"""
    update payment_intents set {", ".join(f"{name} = ${n + 4}" for n, name in enumerate(CHANGED))}, look_at = $3
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
    insert into payment_operations (business_id, {OPERATION_COLUMNS}, due_at)
    values ($1, {", ".join(f"${n + 2}" for n in range(len(OPERATION_NAMES)))}, ${len(OPERATION_NAMES) + 2})
"""
# An intent's operations go out one after the other: what the provider then says of the intent is what the one did.
CLAIM = f"""
    with due as (
        select business_id, id from payment_operations o
        where o.state in ('pending', 'sent') and %s
            and not exists (
                select from payment_operations e
                where e.business_id = o.business_id and e.intent_id = o.intent_id and e.id < o.id
                    and e.state in ('pending', 'sent')
            )
        order by o.due_at limit $1
        for update skip locked
    )
    update payment_operations o
    set state = 'sent', attempts = o.attempts + 1, due_at = now() + make_interval(secs => $2)
    from due where o.business_id = due.business_id and o.id = due.id
    returning o.business_id, {", ".join(f"o.{name}" for name in OPERATION_NAMES)}
"""
CLAIM_DUE = CLAIM % "o.due_at <= now()"
CLAIM_ONE = CLAIM % "o.business_id = $3 and o.id = $4 and o.attempts = 0"
OPERATION = f"select {OPERATION_COLUMNS} from payment_operations where business_id = $1 and id = $2"
SETTLE = """
    update payment_operations set state = $3, transaction_id = $4, error_code = $5, error = $6, settled_at = $7
    where business_id = $1 and id = $2
"""
PUT_OFF = """
    update payment_operations set error_code = $3, error = $4, due_at = now() + make_interval(secs => $5)
    where business_id = $1 and id = $2 and state = 'sent'
"""
DUE_AT_ONCE = """
    update payment_operations set due_at = now() where business_id = $1 and intent_id = $2 and state in ('pending', 'sent')
"""
TAKE_OVER = "update payment_operations set directive_attempt = $3 where business_id = $1 and id = $2"
LOOKS = """
    update payment_intents i set look_at = now() + make_interval(secs => $2)
    from (
        select business_id, id from payment_intents where look_at <= now() order by look_at limit $1 for update skip locked
    ) as due
    where i.business_id = due.business_id and i.id = due.id
    returning i.business_id, i.id
"""
LET_GO = """
    update payment_intents set sale_id = null where business_id = $1 and sale_id = $2 and id = any($3::uuid[])
"""
LOOK_NOW = """
    update payment_intents set look_at = now() where business_id = $1 and id = $2 and provider_ref <> '' returning id
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
    """Saves where a locked intent stands, once in a transaction; an open one is looked at again, the older the later."""
    look_at = None
    if changed.provider_ref and domain.is_open(changed):
        look_at = tx.now + max(LOOK, (tx.now - changed.created_at) / 10)
    tx.later(SAVE, tx.business, changed.id, look_at, *(getattr(changed, name) for name in CHANGED))


def let_go(tx: Tx, sale_id: UUID, intent_ids: Collection[str]) -> None:
    """Saves that intents pay a locked sale no more."""
    tx.later(LET_GO, tx.business, sale_id, list(map(UUID, intent_ids)))


async def operations(tx: Tx, intent_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Operation]]:
    """Returns what was asked for each of some intents, oldest first."""
    found: dict[UUID, list[Operation]] = {each: [] for each in intent_ids}
    for row in await tx.connection.fetch(OPERATIONS, tx.business, list(intent_ids)):
        found[row["intent_id"]].append(Operation(**row))
    return found


def insert_operation(tx: Tx, new: Operation) -> None:
    """Saves something that is asked of a provider; it goes out at once, unless it is done already."""
    due_at = tx.now if new.state in domain.OPEN else None
    tx.later(INSERT_OPERATION, tx.business, *(getattr(new, name) for name in OPERATION_NAMES), due_at)


async def claim_due(tx: Tx, limit: int, lease_seconds: float) -> list[tuple[UUID, Operation]]:
    """Returns what is due to go out, each with its business; for so long nobody else gets it."""
    rows = await tx.connection.fetch(CLAIM_DUE, limit, lease_seconds)
    return [(business, Operation(*values)) for business, *values in rows]


async def claim_new(tx: Tx, operation_id: UUID, lease_seconds: float) -> Operation | None:
    """Returns an operation of the caller's business that nobody has sent; None where somebody has, or others go first."""
    rows = await tx.connection.fetch(CLAIM_ONE, 1, lease_seconds, tx.business, operation_id)
    return Operation(*list(rows[0])[1:]) if rows else None


async def operation(tx: Tx, operation_id: UUID) -> Operation:
    """Returns an operation, whose intent is locked where it is to be changed."""
    row = await tx.connection.fetchrow(OPERATION, tx.business, operation_id)
    assert row is not None, "operations are never removed"
    return Operation(**row)


def settle(tx: Tx, ended: Operation) -> None:
    """Saves how an operation ended."""
    tx.later(
        SETTLE,
        tx.business,
        ended.id,
        ended.state,
        ended.transaction_id,
        ended.error_code,
        ended.error,
        ended.settled_at,
    )


def put_off(tx: Tx, operation_id: UUID, error_code: str, error: str, seconds: float) -> None:
    """Has an operation looked after again in so many seconds, and keeps why."""
    tx.later(PUT_OFF, tx.business, operation_id, error_code, error, seconds)


def take_over(tx: Tx, operation_id: UUID, attempt: int) -> None:
    """Lets a newer attempt at its directive hear of an operation's end."""
    tx.later(TAKE_OVER, tx.business, operation_id, attempt)


def hurry(tx: Tx, intent_id: UUID) -> None:
    """Has what is asked for an intent looked after at once."""
    tx.later(DUE_AT_ONCE, tx.business, intent_id)


async def looks(tx: Tx, limit: int, lease_seconds: float) -> list[tuple[UUID, UUID]]:
    """Returns intents (business and id) at which somebody has to look; for so long nobody else is told."""
    return [tuple(row) for row in await tx.connection.fetch(LOOKS, limit, lease_seconds)]


async def look_now(tx: Tx, business: UUID, intent_id: UUID) -> bool:
    """Has an intent looked at at once; tells whether there is one that the provider outside has."""
    return bool(await tx.connection.fetchval(LOOK_NOW, business, intent_id))
