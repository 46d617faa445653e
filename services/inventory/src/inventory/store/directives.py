"""What directives have done: the newest revision held for a session, and whether an order took its stock and gave it back.

These rows are locked before any shelf, in the order of their keys.
"""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from inventory.domain.order import Order
from inventory.domain.reservation import Owner
from inventory.store.columns import columns
from kit.db import Tx

CLOSED = 2**63 - 1
"""The revision of a session that is over: nothing is held for it any more."""

ADMITTED_SESSIONS = """
    insert into session_holds as h (business_id, channel_code, session_key, rev)
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[])
    on conflict (business_id, channel_code, session_key) do update set rev = excluded.rev where h.rev <= excluded.rev
    returning h.business_id, 'session', h.channel_code, h.session_key, old.rev is not null
"""
CLOSE_SESSIONS = f"""
    insert into session_holds (business_id, channel_code, session_key, rev)
    select *, {CLOSED} from unnest($1::uuid[], $2::text[], $3::text[])
    on conflict (business_id, channel_code, session_key) do update set rev = excluded.rev
"""
CLAIMED_ORDERS = """
    insert into order_stock as o (business_id, order_ref, committed_at)
    select business_id, order_ref, now() from unnest($1::uuid[], $2::text[]) as wanted (business_id, order_ref)
    on conflict (business_id, order_ref) do update
    set committed_at = case when o.released_at is null then coalesce(o.committed_at, now()) end
    returning o.business_id, o.order_ref, old.committed_at is not null, new.released_at is not null
"""
UNCLAIM_ORDERS = """
    update order_stock as o set committed_at = null
    from unnest($1::uuid[], $2::text[]) as failed (business_id, order_ref)
    where o.business_id = failed.business_id and o.order_ref = failed.order_ref
"""
RELEASE_ORDERS = """
    insert into order_stock as o (business_id, order_ref, released_at)
    select business_id, order_ref, now() from unnest($1::uuid[], $2::text[]) as wanted (business_id, order_ref)
    on conflict (business_id, order_ref) do update set released_at = coalesce(o.released_at, now())
"""
# Asked for `active` alone, the planner may walk the index of all active reservations instead of the owners' few.
BELONGINGS = """
    select r.business_id, r.id
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as o (business_id, type, scope, ref)
    join reservations r on r.business_id = o.business_id and r.owner_ref = o.ref and r.owner_type = o.type
        and r.owner_scope = o.scope
    where r.status in ('active', 'committed')
    union
    select r.business_id, r.id
    from unnest($1::uuid[], $2::text[], $4::text[]) as o (business_id, type, ref)
    join reservations r on r.business_id = o.business_id and r.order_ref = o.ref
    where o.type = 'order' and o.ref <> '' and r.order_ref <> ''
        and (r.status = 'committed' or r.qty_fulfilled > 0 and r.qty_fulfilled < r.qty)
"""


class Claim(NamedTuple):
    """What had been done for an order before."""

    committed: bool
    released: bool


async def admit_sessions(tx: Tx, revisions: dict[Owner, int]) -> dict[Owner, bool]:
    """Locks sessions and returns those of which no newer revision has been seen, and whether each was known before."""
    rows = columns([(*session[:1], *session[2:], rev) for session, rev in sorted(revisions.items())])
    return {Owner(*row[:4]): row[4] for row in await tx.connection.fetch(ADMITTED_SESSIONS, *rows)}


async def close_sessions(tx: Tx, sessions: Collection[Owner]) -> None:
    """Locks sessions and sees to it that nothing is held for them any more."""
    if sessions:
        await tx.connection.execute(CLOSE_SESSIONS, *columns((s.business, s.scope, s.ref) for s in sorted(sessions)))


async def claim_orders(tx: Tx, orders: Collection[Order]) -> dict[Order, Claim]:
    """Locks orders, marks those as committed that were not released, and returns what had been done before."""
    rows = await tx.connection.fetch(CLAIMED_ORDERS, *columns(sorted(orders)))
    return {Order(*row[:2]): Claim(*row[2:]) for row in rows}


def unclaim_orders(tx: Tx, orders: Collection[Order]) -> None:
    """Takes the mark back from orders whose stock could not be taken, so that they can be tried again."""
    if orders:
        tx.later(UNCLAIM_ORDERS, *columns(orders))


async def release_orders(tx: Tx, orders: Collection[Order]) -> None:
    """Locks orders and marks them as released, so that a commit which comes later takes nothing."""
    if orders:
        await tx.connection.execute(RELEASE_ORDERS, *columns(sorted(orders)))


async def belongings(tx: Tx, owners: Collection[Owner]) -> list[tuple[UUID, UUID]]:
    """Returns business and id of what owners hold or held until it left, and of what left for those of them that are orders."""
    return [tuple(row) for row in await tx.connection.fetch(BELONGINGS, *columns(owners))] if owners else []
