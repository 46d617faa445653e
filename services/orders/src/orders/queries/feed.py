"""What happened to orders, in an order that never changes: places in it are good for ever.

A place is made of the number of the transaction that wrote the event. Whoever reads stops before the oldest transaction still
under way, so that nothing can appear later before a place that was already passed (docs/decisions/order-feed.md).
"""

from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from comanda.orders.v1 import feed_pb2
from kit import pages
from kit.db import Tx
from kit.errors import Invalid
from orders.messages import values
from orders.queries.orders import listed
from orders.store import orders

NONE = "0"
PAGE = 10


class Place(NamedTuple):
    """A place in the feed: after one event, before the next."""

    position: int
    ref: str
    seq: int


START = Place(-1, "", 0)
# Everything before this is visible by now, or never will be.
EDGE = "feed_position(pg_snapshot_xmin(pg_current_snapshot()))"
AFTER = "business_id = $1 and (position, order_ref, seq) > ($2, $3, $4)"
BY = "position, order_ref, seq"
END = f"""
    select position, order_ref, seq from order_events where business_id = $1 and position < {EDGE}
    order by position desc, order_ref desc, seq desc limit 1
"""
UNSETTLED = f"select exists (select from order_events where business_id = $1 and position >= {EDGE})"
EVENTS = f"""
    select e.position, e.seq, e.type, e.actor, e.actor_label, e.payload, e.created_at as happened_at, {orders.LISTED},
        {orders.ITEMS}, c.config
    from (select * from order_events where {AFTER} and position < {EDGE} order by {BY} limit $5) e
    join orders o on o.business_id = e.business_id and o.ref = e.order_ref {orders.FLOW}
    order by e.position, e.order_ref, e.seq
"""
CREATED = f"""
    select e.position, e.seq, {orders.LISTED}, {orders.ITEMS}, c.config
    from (select * from order_events where {AFTER} and position < {EDGE} and seq = 1 order by {BY} limit {PAGE}) e
    join orders o on o.business_id = e.business_id and o.ref = e.order_ref {orders.FLOW}
    order by e.position, e.order_ref, e.seq
"""


def written(place: Place) -> str:
    """Returns a place as callers hold it."""
    return NONE if place == START else pages.token(*place)


def read(text: str) -> Place:
    """Returns the place that a caller holds; raises Invalid(`invalid_since`)."""
    if text == NONE:
        return START
    try:
        return Place(*pages.key(text, *START))
    except Invalid as error:
        raise Invalid("invalid_since", field="since") from error


async def end(tx: Tx) -> Place:
    """Returns where the feed ends now."""
    row = await tx.connection.fetchrow(END, tx.business)
    return Place(*row) if row else START


async def unsettled(tx: Tx) -> bool:
    """Tells whether events have been written that no reader may see yet, since an older transaction is still under way."""
    found: bool = await tx.connection.fetchval(UNSETTLED, tx.business)
    return found


async def events(tx: Tx, since: Place, most: int) -> Sequence[asyncpg.Record]:
    """Returns what happened after a place, each event with its order."""
    return await tx.connection.fetch(EVENTS, tx.business, *since, most)


async def created(tx: Tx, since: Place) -> tuple[Sequence[asyncpg.Record], Place]:
    """Returns the next orders that were made after a place, and the place to go on from."""
    async with tx.connection.transaction(isolation="repeatable_read", readonly=True):
        rows = await tx.connection.fetch(CREATED, tx.business, *since)
        last = place(rows[-1]) if len(rows) == PAGE else max(since, await end(tx))
    return rows, last


def happening(row: asyncpg.Record) -> feed_pb2.WatchOrdersResponse:
    """Returns the message of something that happened."""
    return feed_pb2.WatchOrdersResponse(
        id=written(place(row)),
        type=row["type"],
        ref=row["ref"],
        seq=row["seq"],
        actor=row["actor"],
        actor_label=row["actor_label"],
        payload=values.struct(row["payload"]),
        created_at=row["happened_at"],
        order=listed(row),
    )


def place(row: asyncpg.Record) -> Place:
    """Returns the place of an event."""
    return Place(row["position"], row["ref"], row["seq"])
