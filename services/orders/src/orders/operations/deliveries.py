"""Deliveries: handed to whoever sends them, and settled with their directives."""

from datetime import datetime

from kit.db import Tx
from orders.domain.delivery import Delivery, Outcome
from orders.domain.directive import DONE, FAILED
from orders.operations import directives
from orders.store import deliveries as store
from orders.store import notes


async def lease(tx: Tx, each: int, most: int) -> list[Delivery]:
    """Returns deliveries that are due, at most so many of each lane, and in all; nobody else gets them for a while."""
    return await store.lease(tx, each, most)


async def settle(tx: Tx, sent: Delivery, outcome: Outcome, started: datetime, milliseconds: int) -> None:
    """Writes how an attempt ended. The directive is done when all its deliveries are, and failed when one is for good."""
    row = await store.settle(tx, sent, outcome, started, milliseconds)
    if row is None:
        return
    if row["status"] == DONE and row["note_id"]:
        await notes.mark_notified(tx, sent.business_id, row["note_id"])
    if row["status"] == FAILED:
        directives.tell_failed(tx, row)
