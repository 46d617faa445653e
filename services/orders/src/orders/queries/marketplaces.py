"""What marketplaces have sent."""

import asyncpg

from comanda.orders.v1 import marketplaces_pb2 as pb
from kit import pages
from kit.db import Tx
from orders.queries import paging
from orders.store import marketplaces as store


async def list_events(tx: Tx, asked: pb.ListMarketplaceEventsRequest) -> pb.ListMarketplaceEventsResponse:
    """Lists a channel's events, newest first."""
    [position] = pages.key(asked.page_token, pages.LARGEST)
    where = (tx.business, asked.channel_code, list(asked.status), asked.order_id, position)
    async with paging.planned(tx):
        rows, token = await pages.page(tx, asked, store.EVENTS, where, lambda row: (row["position"],))
    return pb.ListMarketplaceEventsResponse(items=map(event, rows), next_page_token=token)


def event(row: asyncpg.Record) -> pb.MarketplaceEvent:
    """Returns the message of an event."""
    names = (
        "event_id",
        "order_id",
        "code",
        "status",
        "error_code",
        "order_ref",
        "attempts",
        "received_at",
        "settled_at",
    )
    return pb.MarketplaceEvent(**{name: row[name] for name in names})
