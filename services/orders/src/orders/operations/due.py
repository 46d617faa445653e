"""Sends directives that are due, and those whose executor never answered."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from comanda.types.v1 import messaging_pb2
from kit.db import Tx
from orders.domain import checks
from orders.domain.directive import FAILED
from orders.domain.session import OPEN
from orders.operations import directives
from orders.operations.followups import STOCK_COMMIT
from orders.store import directives as store
from orders.store.directives import Settlement

BACKORDERED = "backordered"
"""What inventory says of an order whose units are promised and have not come in."""
SHARE, MOST = 200, 1000
"""Directives that a business, and all together, have sent at a time: executors take far more between two sweeps."""


async def send_due(tx: Tx) -> bool:
    """Sends directives; tells whether others may be waiting. Who has more than his share waits for the next sweep."""
    leased = await store.lease_due(tx, SHARE, MOST)
    _send(tx, await _needed(tx, leased))
    return len(leased) == MOST


async def resume(tx: Tx, orders: Sequence[tuple[UUID, str]]) -> None:
    """Sends the stock.commit of orders (business and ref) again for which goods have come in, the oldest first."""
    leased = await store.resume(tx, list(set(orders)), STOCK_COMMIT, BACKORDERED)
    _send(tx, sorted(leased, key=lambda row: row["id"]))


def _send(tx: Tx, leased: Sequence[asyncpg.Record]) -> None:
    for row in leased:
        about = row["order_ref"] or row["session_key"]
        directives.send(tx, row["business_id"], row["id"], row["topic"], row["payload"], row["attempts"], about)


async def _needed(tx: Tx, leased: Sequence[asyncpg.Record]) -> Sequence[asyncpg.Record]:
    """Returns what is to be sent: not the holds that no session wants any more, which are settled instead (O-K5)."""
    holds = [row for row in leased if row["topic"] == checks.HOLD]
    if not holds:
        return leased
    found = await store.standings(tx, [(row["business_id"], row["id"]) for row in holds])
    endings = [ending for row in holds if (ending := _ending(row, *found.get(row["id"], ("", None))))]
    for row in await store.settle(tx, endings):
        if row["status"] == FAILED and row["error_code"] != checks.STALE:
            directives.tell_failed(tx, row)
    settled = {each.id for each in endings}
    return [row for row in leased if row["id"] not in settled]


def _ending(row: asyncpg.Record, state: str, rev: int | None) -> Settlement | None:
    """Returns how a hold ends without being asked for; None where its session is open, at the revision that it is for."""
    asked: Any = directives.read(row["topic"], row["payload"])
    if rev == asked.rev and state == OPEN:
        return None
    outcome, why = messaging_pb2.OUTCOME_DONE, ("", "")
    if rev != asked.rev:
        outcome, why = messaging_pb2.OUTCOME_FAILED, checks.passed(asked.rev, rev)
    return Settlement(row["business_id"], row["id"], row["attempts"], outcome, *why, None)
