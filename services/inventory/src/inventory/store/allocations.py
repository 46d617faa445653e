"""Decisions of allocation, forgotten when nobody will ask for them any more."""

from kit.db import Tx

FORGOTTEN = 5000
"""How many decisions are removed in one transaction."""
FORGET = """
    delete from allocations where (business_id, id) in (
        select business_id, id from allocations where decided_at < now() - interval '30 days' limit $1
        for update skip locked
    )
"""


async def forget(tx: Tx) -> bool:
    """Removes decisions that are older than thirty days; tells whether there may be more."""
    return await tx.connection.execute(FORGET, FORGOTTEN) == f"DELETE {FORGOTTEN}"
