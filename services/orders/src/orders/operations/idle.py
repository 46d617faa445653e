"""Sessions that nobody touches any more are given up, and what they hold goes back."""

from datetime import timedelta

from comanda.orders.events.v1 import events_pb2
from kit import outbox
from kit.db import Tx
from orders.domain.channel import rules
from orders.domain.directive import release
from orders.operations import directives
from orders.store import sessions as store

SWEPT = 200
REASON = "idle"


async def abandon_idle(tx: Tx, ttl: timedelta) -> bool:
    """Abandons open sessions that have not changed for the time; tells whether there may be more.

    One that somebody is changing just now is left alone.
    """
    rows = await store.abandon_idle(tx, ttl, SWEPT)
    for row in rows:
        business, channel_code, key = row["business_id"], row["channel_code"], row["session_key"]
        if rules(row["config"]).uses_stock:
            directives.enqueue(tx, [release(channel_code, key, REASON)], business)
        event = events_pb2.SessionAbandoned(session_key=key, channel_code=channel_code, reason=REASON)
        outbox.add(tx, f"session/{channel_code}/{key}", event, business=business)
    return len(rows) == SWEPT
