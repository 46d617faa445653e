"""Lists of orders: filtered, searched, in the order that the caller wants."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg

from comanda.orders.v1 import feed_pb2
from comanda.orders.v1 import orders_pb2 as pb
from comanda.types.v1 import options_pb2
from kit import ids, pages
from kit.db import Tx
from orders import messages
from orders.domain import flow, search
from orders.domain.flow import INITIAL, INITIAL_ALIAS
from orders.domain.order import Order
from orders.queries import paging
from orders.store import orders

FIRST_ID, LAST_ID = str(UUID(int=0)), str(pages.NEWEST)
LARGEST = 2**63 - 1
EXPORTED = 200
"""Orders that an export reads at a time."""
CUSTOMER = "customer"

WHERE = """o.business_id = $1 and ($2::text[] = '{}' or o.status = any($2))
    and ($3::text[] = '{}' or o.channel_code = any($3)) and ($4::text[] = '{}' or o.external_ref = any($4))
    and ($5 = '' or o.handle_type = $5) and ($6 = '' or o.handle_ref = $6)
    and ($7::timestamptz is null or o.created_at >= $7) and ($8::timestamptz is null or o.created_at < $8)
    and ($9::uuid is null or o.id >= $9) and ($10::uuid is null or o.id <= $10)
    and ($11::bigint is null or o.total_q >= $11) and ($12::bigint is null or o.total_q <= $12)
    and ($13 = '' or (o.handle_type = 'customer' and o.handle_ref = $13))"""
FOUND = "join order_search s on s.business_id = o.business_id and s.id = o.id"
ORDER_BY: dict[str, tuple[str, str, tuple[int, str]]] = {
    "-created_at": ("$14::bigint is not null and o.id < $15", "o.id desc", (0, LAST_ID)),
    "created_at": ("$14::bigint is not null and o.id > $15", "o.id", (0, FIRST_ID)),
    "-total_q": ("(o.total_q, o.id) < ($14, $15)", "o.total_q desc, o.id desc", (LARGEST, LAST_ID)),
    "total_q": ("(o.total_q, o.id) > ($14, $15)", "o.total_q, o.id", (-1, FIRST_ID)),
}


async def list_orders(tx: Tx, asked: pb.ListOrdersRequest) -> pb.ListOrdersResponse:
    """Lists orders without their snapshots, newest first unless asked otherwise; a customer sees his own."""
    order_by, words = asked.order_by or "-created_at", search.patterns(asked.search)
    amount, identifier = pages.key(asked.page_token, *ORDER_BY[order_by][2])
    where, place = _where(tx, asked), (amount, paging.uuid(identifier))
    async with paging.planned(tx):
        arguments = (*where, *place, *words)
        rows, token = await paging.page(tx, asked, _page(order_by, len(words)), arguments, _key(order_by))
        total = await paging.total(tx, asked, _total(len(words)), (*where, *words))
    return pb.ListOrdersResponse(items=map(listed, rows), next_page_token=token, total=total)


async def export(tx: Tx, asked: feed_pb2.ExportOrdersRequest, after: UUID) -> Sequence[asyncpg.Record]:
    """Returns some of the orders that match, those that came next after an id."""
    words = search.patterns(asked.search)
    async with paging.planned(tx):
        place = (*_where(tx, asked), 0, after, *words, EXPORTED)
        return await tx.connection.fetch(_page("created_at", len(words)), *place)


def listed(row: asyncpg.Record) -> pb.Order:
    """Returns the message of an order in a list."""
    return messages.order(orders.order_of(row), flow.of(row["config"]), with_snapshot=False)


@cache
def _page(order_by: str, words: int) -> str:
    after, by, _ = ORDER_BY[order_by]
    return f"""
        select {orders.LISTED}, {orders.ITEMS}, c.config from orders o {_found(words)} {orders.FLOW}
        where {WHERE} and {after} {_matching(words, 16)} order by {by} limit ${16 + words}
    """


@cache
def _total(words: int) -> str:
    return f"select count(*) from orders o {_found(words)} where {WHERE} {_matching(words, 14)}"


def _found(words: int) -> str:
    return FOUND if words else ""


def _matching(words: int, first: int) -> str:
    return " ".join(f"and s.text like ${first + index}" for index in range(words))


def _where(tx: Tx, asked: pb.ListOrdersRequest | feed_pb2.ExportOrdersRequest) -> tuple[Any, ...]:
    since, until = messages.instant(asked, "created_from"), messages.instant(asked, "created_to")
    return (
        tx.business,
        [INITIAL if status == INITIAL_ALIAS else status for status in asked.status],
        list(asked.channel_code),
        list(asked.external_ref),
        asked.handle_type,
        asked.handle_ref,
        since,
        until,
        ids.earliest(since) if since else None,
        ids.latest(until) if until else None,
        asked.min_total_q if asked.HasField("min_total_q") else None,
        asked.max_total_q if asked.HasField("max_total_q") else None,
        customer(tx),
    )


def visible(tx: Tx, order: Order) -> bool:
    """Tells whether the caller may see an order: a customer sees those whose handle he is."""
    own = customer(tx)
    return not own or (order.handle_type, order.handle_ref) == (CUSTOMER, own)


def customer(tx: Tx) -> str:
    """Returns the customer whose own orders are all that the caller may see; empty where he may see all."""
    if tx.identity is None or tx.identity.role != options_pb2.ROLE_CUSTOMER:
        return ""
    return tx.identity.customer_id


def _key(order_by: str) -> Callable[[asyncpg.Record], tuple[str | int, ...]]:
    by_total = order_by.endswith("total_q")
    return lambda row: (row["total_q"] if by_total else 0, str(row["id"]))
