"""The audit log: entries are added with what they tell of, and linked into their business's chain a moment later."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from kit.db import Tx
from kit.ids import uuid7
from sales.domain import audit as domain
from sales.store.columns import columns

COLUMNS = (
    "id, event_type, sale_id, sale_item_id, customer_id, payment_id, refund_id, actor, role, ip_address, user_agent,"
    " request_id, before, after, description, created_at"
)
RECORD = f"""
    insert into audit_log (business_id, {COLUMNS})
    select * from unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
        $11::text[], $12::text[], $13::text[], $14::jsonb[], $15::jsonb[], $16::text[], $17::timestamptz[]
    )
"""
AWAIT_LINK = "insert into audit_pending (business_id, id) select * from unnest($1::uuid[], $2::uuid[])"
# One process links at a time. That holds up nobody who writes: entries wait in a table of their own.
LEAD = "select pg_try_advisory_xact_lock(hashtext('comanda audit chain'))"
PENDING = f"""
    select business_id, {COLUMNS} from audit_pending join audit_log using (business_id, id)
    order by business_id, id
    limit $1
"""
HEADS = """
    select b.business_id, head.seq, head.hash
    from unnest($1::uuid[]) as b (business_id)
    cross join lateral (
        select seq, hash from audit_chain c where c.business_id = b.business_id order by seq desc limit 1
    ) as head
"""
LINK = """
    insert into audit_chain (business_id, seq, id, hash) select * from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bytea[])
"""
LINKED = """
    delete from audit_pending p using unnest($1::uuid[], $2::uuid[]) as linked (business_id, id)
    where p.business_id = linked.business_id and p.id = linked.id
"""


def record(
    tx: Tx,
    event: str,
    description: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    **about: object,
) -> None:
    """Adds an entry about a sale, item, customer, payment, or refund, given by `sale_id` and so on.

    Before and after hold no personal data: they must stay when a person is forgotten.
    """
    if event not in domain.EVENTS:
        raise ValueError(event)
    ids = (str(about.get(name, "")) for name in ("sale_id", "sale_item_id", "customer_id", "payment_id", "refund_id"))
    role = tx.identity.role_name if tx.identity else ""
    entry_id = uuid7()
    tx.later_row(
        RECORD, tx.business, entry_id, event, *ids, tx.actor, role, tx.address, tx.agent, tx.request_id, before or {},
        after or {}, description, tx.now,
    )  # fmt: skip
    tx.later_row(AWAIT_LINK, tx.business, entry_id)


async def lead(tx: Tx) -> bool:
    """Tells whether this transaction is the one that links."""
    return bool(await tx.connection.fetchval(LEAD))


async def pending(tx: Tx, limit: int) -> "list[asyncpg.Record]":
    """Returns entries that wait for their links, business by business, oldest first."""
    return await tx.connection.fetch(PENDING, limit)


async def heads(tx: Tx, businesses: Sequence[UUID]) -> dict[UUID, tuple[int, str]]:
    """Returns place and hash of each business's last link."""
    rows = await tx.connection.fetch(HEADS, businesses)
    return {row["business_id"]: (row["seq"], row["hash"].hex()) for row in rows}


def link(tx: Tx, links: Sequence[tuple[UUID, int, UUID, bytes]]) -> None:
    """Adds links, each business, place, entry, and hash; the entries wait no more."""
    tx.later(LINK, *columns(links))
    tx.later(LINKED, *columns((business, entry) for business, _, entry, _ in links))


def hashed(row: "asyncpg.Record") -> dict[str, Any]:
    """Returns what of an entry the chain vouches for: everything."""
    found = dict(row)
    for name in ("business_id", "id"):
        found[name] = str(found[name])
    found["created_at"] = found["created_at"].isoformat()
    return found
