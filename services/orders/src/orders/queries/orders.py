"""Lists of orders: filtered, searched, in the order that the caller wants."""

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import aclosing
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg

from comanda.orders.v1 import feed_pb2
from comanda.orders.v1 import orders_pb2 as pb
from comanda.types.v1 import options_pb2
from kit import ids, pages
from kit.db import Tx
from orders.domain import flow, search
from orders.domain.flow import INITIAL, INITIAL_ALIAS
from orders.domain.order import Order
from orders.messages import orders as messages
from orders.messages import values
from orders.queries import paging
from orders.store import orders

FIRST_ID, LAST_ID = str(UUID(int=0)), str(pages.NEWEST)
LARGEST = 2**63 - 1
LOOKED_THROUGH, FOR_A_NAME = 500, 2000
"""Orders that come next, and are looked through before the index of words is asked."""
AMONG = 10_000
"""Orders that come next, and among which the index of words is asked for one name before it is asked for all orders' words."""
EXPORTED = 200
"""Orders that an export reads at a time."""
CUSTOMER = "customer"

CONFIGS = "select config from channels where business_id = $1 and code = any($2)"

Way = tuple[str, tuple[Any, ...]]
Asked = pb.ListOrdersRequest | feed_pb2.ExportOrdersRequest


def _braced(statement: str) -> str:
    """Returns a part of a statement so that `format` leaves it as it is."""
    return statement.replace("{", "{{").replace("}", "}}")


def _any_of(column: str, given: str) -> str:
    """Returns the condition that a column is among those given, if any; one alone as an equality, which keeps an index's order."""
    alone = f"(cardinality({given}::text[]) <> 1 or {column} = ({given}::text[])[1])"
    return f"{alone} and (cardinality({given}::text[]) < 2 or {column} = any({given}))"


WHERE = f"""o.business_id = $1 and {_any_of("o.status", "$2")} and {_any_of("o.channel_code", "$3")}
    and {_any_of("o.external_ref", "$4")}
    and ($5 = '' or o.handle_type = $5) and ($6 = '' or o.handle_ref = $6)
    and ($7::timestamptz is null or o.created_at >= $7) and ($8::timestamptz is null or o.created_at < $8)
    and ($9::uuid is null or o.id >= $9) and ($10::uuid is null or o.id <= $10)
    and ($11::bigint is null or o.total_q >= $11) and ($12::bigint is null or o.total_q <= $12)
    and ($13 = '' or (o.handle_type = 'customer' and o.handle_ref = $13))"""
SHOWN = f"{orders.LISTED}, {orders.ITEMS}, c.config"
ALL = f"select {_braced(SHOWN)} from orders o {orders.FLOW} where {{where}} order by {{by}} limit $16"
# How many orders have a word, the planner cannot guess. So a search first looks through some that come next, where a word
# that many have fills the page, and more of them for what may be a name; one that few have is quickly found by its index.
NEAR = f"""
    select {_braced(SHOWN)} from (select o.* from orders o where {{where}} order by {{by}} limit $17) o
    cross join lateral (
        select from order_search s
        where s.business_id = o.business_id and s.id = o.id and s.words @@ $16::text::tsquery offset 0) s {orders.FLOW}
    order by {{by}} limit $18
"""
# Called by its name, the match is one that no index is asked for: what is known of some words is enough to find few orders.
FOUND = """select s.id from order_search s where s.business_id = $1 and s.words @@ $17::text::tsquery
    and ($16::text = $17::text or ts_match_vq(s.words, $16::text::tsquery))"""
# By id, those found are looked at one after the other until the page is full: their ids are all that it takes to know the order.
# What many have and few are shown of, the two indexes together find among some ids, where reading what all of them have takes long.
BY_ID = f"""
    with found as materialized ({FOUND} and s.id between $18 and $19), page as materialized (
        select f.id from (select o.id from found o order by {{by}}) f
        cross join lateral (select from orders o where o.business_id = $1 and o.id = f.id and {{where}} offset 0) o
        order by {{found_by}} limit $20
    )
    select {_braced(SHOWN)} from page p join orders o on o.business_id = $1 and o.id = p.id {orders.FLOW} order by {{by}}
"""
BY_TOTAL = f"""
    with found as materialized ({FOUND}), matching as materialized (
        select o.id, o.total_q from found f join orders o on o.id = f.id where {{where}}
    ), page as materialized (
        select o.id from matching o order by {{by}} limit $18
    )
    select {_braced(SHOWN)} from page p join orders o on o.business_id = $1 and o.id = p.id {orders.FLOW} order by {{by}}
"""
TOTALS = {
    False: f"select count(*) from orders o where {WHERE}",
    True: f"""select count(*) from orders o join order_search s on s.business_id = o.business_id and s.id = o.id
        where {WHERE} and s.words @@ $14::text::tsquery""",
}
ORDER_BY: dict[str, tuple[str, str, tuple[int, str]]] = {
    "-created_at": ("$14::bigint is not null and o.id < $15", "o.id desc", (0, LAST_ID)),
    "created_at": ("$14::bigint is not null and o.id > $15", "o.id", (0, FIRST_ID)),
    "-total_q": ("(o.total_q, o.id) < ($14, $15)", "o.total_q desc, o.id desc", (LARGEST, LAST_ID)),
    "total_q": ("(o.total_q, o.id) > ($14, $15)", "o.total_q, o.id", (-1, FIRST_ID)),
}
EDGES = {
    "-created_at": "select o.id from orders o where o.business_id = $1 and o.id < $2 order by o.id desc offset $3 limit 1",
    "created_at": "select o.id from orders o where o.business_id = $1 and o.id > $2 order by o.id offset $3 limit 1",
}
"""The order at which a number of those that come next ends."""
ENDS = {"-created_at": UUID(FIRST_ID), "created_at": UUID(LAST_ID)}


async def list_orders(tx: Tx, asked: pb.ListOrdersRequest) -> pb.ListOrdersResponse:
    """Lists orders without their snapshots, newest first unless asked otherwise; a customer sees his own."""
    order_by, words = asked.order_by or "-created_at", search.query(tx.business, asked.search)
    amount, identifier = pages.key(asked.page_token, *ORDER_BY[order_by][2])
    where, place = _where(tx, asked, await _statuses(tx, asked)), (amount, pages.uuid(identifier))
    async with paging.planned(tx):
        async with aclosing(_ways(tx, order_by, words, asked.search, place[1])) as ways:
            async for way, found in ways:
                arguments = (*where, *place, *found)
                rows, token = await pages.page(tx, asked, _page(way, order_by), arguments, _key(order_by))
                if token:
                    break
        total = await pages.total(tx, asked, TOTALS[bool(words)], (*where, words) if words else where)
    return pb.ListOrdersResponse(items=map(listed, rows), next_page_token=token, total=total)


async def _ways(tx: Tx, order_by: str, words: str, asked: str, place: UUID) -> AsyncGenerator[Way]:
    """Returns the statements to be tried, each with what it takes beside filters and place, until one fills the page."""
    if not words:
        yield ALL, ()
        return
    yield NEAR, (words, FOR_A_NAME if search.may_be_name(asked) else LOOKED_THROUGH)
    narrow = search.narrow(tx.business, asked)
    if order_by not in EDGES:
        yield BY_TOTAL, (words, narrow)
        return
    # For several words at once, asking the index is what takes long, and not reading what it finds.
    if asked.strip().isalpha() and (edge := await _edge(tx, order_by, place)):
        yield BY_ID, (words, narrow, *sorted((place, edge)))
    yield BY_ID, (words, narrow, *sorted((place, ENDS[order_by])))


async def _edge(tx: Tx, order_by: str, place: UUID) -> UUID | None:
    """Returns the id of the last of the orders among which a name is looked for first; None where there are fewer."""
    found: UUID | None = await tx.connection.fetchval(EDGES[order_by], tx.business, place, AMONG)
    return found


async def export(tx: Tx, asked: feed_pb2.ExportOrdersRequest, after: UUID) -> Sequence[asyncpg.Record]:
    """Returns some of the orders that match, those that came next after an id."""
    words = search.query(tx.business, asked.search)
    narrow = search.narrow(tx.business, asked.search)
    way, found = (BY_ID, (words, narrow, after, UUID(LAST_ID))) if words else (ALL, ())
    where = _where(tx, asked, await _statuses(tx, asked))
    async with paging.planned(tx):
        return await tx.connection.fetch(_page(way, "created_at"), *where, 0, after, *found, EXPORTED)


def listed(row: asyncpg.Record) -> pb.Order:
    """Returns the message of an order in a list."""
    return messages.order(orders.order_of(row), flow.of(row["config"]), with_snapshot=False)


@cache
def _page(way: str, order_by: str) -> str:
    after, by, _ = ORDER_BY[order_by]
    return way.format(where=f"{WHERE} and {after}", by=by, found_by=by.replace("o.", "f."))


async def _statuses(tx: Tx, asked: Asked) -> Collection[str]:
    """Returns the statuses that are asked for: `created` is where orders of the channels asked for begin (decision 1)."""
    if INITIAL_ALIAS not in asked.status:
        return asked.status
    rows = await tx.connection.fetch(CONFIGS, tx.business, list(asked.channel_code))
    initial = {flow.of(row["config"]).resolve(INITIAL_ALIAS) for row in rows} or {INITIAL}
    return initial.union(asked.status) - ({INITIAL_ALIAS} - initial)


def _where(tx: Tx, asked: Asked, statuses: Collection[str]) -> tuple[Any, ...]:
    since, until = values.instant(asked, "created_from"), values.instant(asked, "created_to")
    return (
        tx.business,
        list(statuses),
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
