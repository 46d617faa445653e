"""The chain of the audit log grows: in the background, so that no two who write wait for each other because of it."""

from uuid import UUID

from kit.db import Tx
from sales.domain import audit as domain
from sales.store import audit as store

BATCH = 500


async def extend_chains(tx: Tx) -> bool:
    """Links what waits into the chains of its businesses; tells whether there may be more."""
    if not await store.lead(tx):
        return False
    entries = await store.pending(tx, BATCH)
    if not entries:
        return False
    heads = await store.heads(tx, list({entry["business_id"] for entry in entries}))
    links: list[tuple[UUID, int, UUID, bytes]] = []
    for entry in entries:
        seq, previous = heads.get(entry["business_id"], (0, domain.FIRST))
        digest = domain.digest(domain.content(store.hashed(entry), seq + 1, previous))
        heads[entry["business_id"]] = (seq + 1, digest)
        links.append((entry["business_id"], seq + 1, entry["id"], bytes.fromhex(digest)))
    store.link(tx, links)
    return len(entries) == BATCH
