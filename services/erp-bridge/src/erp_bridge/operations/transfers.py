"""Transfers are asked for here; the work itself is done outside of any transaction (erp_bridge.work)."""

from uuid import UUID

from erp_bridge.domain.attachment import TABLES, Pair
from erp_bridge.store import transfers
from erp_bridge.store.transfers import Transfer
from kit.db import RETRY, Tx
from kit.errors import Invalid

OPEN = "attachment_transfers_open"


async def ask(tx: Tx, business: UUID, pair: Pair, invoice: str = "", *, again: bool = True) -> Transfer:
    """Returns the transfer of a pair that is open: one that goes on already, the last failed one, or a new one.

    A pair that has a successful one gets none unless asked for again. Raises Invalid(`unknown_table`).
    """
    for owner in (pair.origin, pair.destination):
        if owner.table not in TABLES:
            raise Invalid("unknown_table", table=owner.table, tables=", ".join(sorted(TABLES)))
    # Two who ask at the same time: the second looks again, and finds the first one's.
    tx.conflicts[OPEN] = RETRY
    await transfers.note_map(tx, business, pair, invoice)
    if not again and (done := await transfers.succeeded_of_pair(tx, business, pair)):
        return done
    if found := await transfers.open_of_pair(tx, business, pair) or await transfers.reopen_of_pair(tx, business, pair):
        return found
    return await transfers.add(tx, business, pair, invoice)
