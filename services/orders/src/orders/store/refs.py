"""Refs and their sequences.

That a ref ended with its session, or stands for the session's order by now, is judged when it is read: a commit writes
nothing for it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from kit.db import Tx
from orders.domain.ref import Place, Ref, RefType

ALIVE = """(r.is_active and (r.session_key = '' or not r.expires or s.state = 'open'
    or (r.copied and s.state = 'committed')))"""
SESSION = """left join sessions s on s.business_id = r.business_id and s.channel_code = r.channel_code
    and s.session_key = r.session_key"""
COLUMNS = f"""r.id, r.type, r.value, r.scope, r.channel_code, r.session_key, r.created_at, {ALIVE} as is_active,
    case when r.copied and s.state = 'committed' then s.order_ref else r.order_ref end as order_ref"""
REFS = f"select {COLUMNS} from refs r {SESSION}"
REF = (
    f"{REFS} where r.business_id = $1 and r.type = $2 and r.scope = $3 and r.value = $4 and (r.is_active or r.forever)"
)
# A partial index is used only where the statement repeats its condition on the column.
OF_SESSION = "r.business_id = $1 and r.channel_code = $2 and r.session_key = $3 and r.session_key <> ''"
OF_ORDER = """r.business_id = $1 and r.id in (
    select id from refs where business_id = $1 and order_ref = $2 and order_ref <> ''
    union all
    select c.id from orders o
    join refs c on c.business_id = o.business_id and c.channel_code = o.channel_code and c.session_key = o.session_key
        and c.session_key <> '' and c.copied
    where o.business_id = $1 and o.ref = $2)"""
REFS_OF_SESSION = f"{REFS} where {OF_SESSION} and r.id > $4 order by r.id limit $5"
REFS_OF_ORDER = f"{REFS} where {OF_ORDER} and r.id > $3 order by r.id limit $4"
END_DEAD = f"""
    update refs set is_active = false where (business_id, id) in (
        select r.business_id, r.id from refs r {SESSION}
        where r.business_id = $1 and r.type = $2 and r.scope = $3 and r.value = $4 and r.is_active and not {ALIVE})
"""
INSERT = """
    insert into refs (business_id, id, type, scope, value, channel_code, session_key, order_ref, forever, expires, copied,
        is_active, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, true, $12)
    on conflict (business_id, type, scope, value) where is_active or forever do nothing
    returning id
"""
REVIVE = "update refs set is_active = true where business_id = $1 and id = $2"
END_OF = f"""
    with alive as (
        select r.business_id, r.id from refs r {SESSION}
        where (%s) and {ALIVE} and (%s = '' or r.type = %s)
        order by r.business_id, r.id for update of r
    )
    update refs r set is_active = false from alive a where r.business_id = a.business_id and r.id = a.id returning r.id
"""
END_OF_SESSION = END_OF % (OF_SESSION, "$4", "$4")
END_OF_ORDER = END_OF % (OF_ORDER, "$3", "$3")
NEXT = """
    insert into ref_sequences as q (business_id, name, scope, last) values ($1, $2, $3, 1)
    on conflict (business_id, name, scope) do update set last = q.last + 1
    returning last
"""
LAST = "select last from ref_sequences where business_id = $1 and name = $2 and scope = $3"
RESET = "delete from ref_sequences where business_id = $1 and name = $2 and scope = $3"

Scope = Mapping[str, str]


async def ref(tx: Tx, kind: str, scope: Scope, value: str) -> Ref | None:
    """Returns the ref that has the value, active or not."""
    row = await tx.connection.fetchrow(REF, tx.business, kind, scope, value)
    return ref_of(row) if row else None


async def insert(tx: Tx, new: Ref, kind: RefType) -> bool:
    """Saves a new ref, unless the value is taken; one whose session is over gives way. Tells whether it was saved."""
    place = (tx.business, new.type, new.scope, new.value)
    await tx.connection.execute(END_DEAD, *place)
    target = (new.place.channel_code, new.place.session_key, new.place.order_ref)
    lasting = (kind.forever, kind.expires, kind.copied)
    return bool(await tx.connection.fetchval(INSERT, place[0], new.id, *place[1:], *target, *lasting, new.created_at))


def revive(tx: Tx, found: Ref) -> None:
    """Makes an ended ref active again."""
    tx.later(REVIVE, tx.business, found.id)


async def end(tx: Tx, place: Place, kind: str) -> int:
    """Ends the active refs of a session or an order, those of one type or, for an empty type, all; returns how many."""
    statement = END_OF_SESSION if place.session_key else END_OF_ORDER
    return len(await tx.connection.fetch(statement, tx.business, *key_of(place), kind))


async def next_number(tx: Tx, name: str, scope: Scope) -> int:
    """Takes the next number; whoever asks at the same time waits for this transaction."""
    number: int = await tx.connection.fetchval(NEXT, tx.business, name, scope)
    return number


async def last_number(tx: Tx, name: str, scope: Scope) -> int:
    """Returns the number that was given last; 0 before the first."""
    return await tx.connection.fetchval(LAST, tx.business, name, scope) or 0


async def reset(tx: Tx, name: str, scope: Scope) -> None:
    """Lets a sequence begin with one again."""
    await tx.connection.execute(RESET, tx.business, name, scope)


def key_of(place: Place) -> Sequence[Any]:
    """Returns what a session or an order is looked up by, within its business."""
    return (place.channel_code, place.session_key) if place.session_key else (place.order_ref,)


def ref_of(row: asyncpg.Record) -> Ref:
    """Returns the ref that a row holds."""
    order_ref = row["order_ref"]
    place = Place(order_ref=order_ref) if order_ref else Place(row["channel_code"], row["session_key"])
    return Ref(row["id"], row["type"], row["value"], row["scope"], place, row["is_active"], row["created_at"])
