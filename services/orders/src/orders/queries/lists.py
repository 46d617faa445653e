"""Reads for lists: from SQL to messages, a page at a time, by the key of the last row."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from comanda.orders.v1 import channels_pb2, directives_pb2, orders_pb2, sessions_pb2
from kit import pages
from kit.db import Tx
from kit.errors import Invalid, NotFound
from orders import messages
from orders.domain import flow
from orders.domain.channel import Channel
from orders.domain.directive import FILTER_ALIASES, Directive
from orders.domain.flow import INITIAL, INITIAL_ALIAS
from orders.store import channels, directives, orders, sessions

LAST_ID = str(UUID(int=2**128 - 1))
LARGEST = 2**63 - 1

CHANNELS = f"""
    select {channels.COLUMNS} from channels
    where business_id = $1 and (display_order, code) > ($2, $3) and ($4::boolean is null or is_active = $4)
    order by display_order, code limit $5
"""
CHANNELS_TOTAL = "select count(*) from channels where business_id = $1 and ($2::boolean is null or is_active = $2)"
SESSIONS_WHERE = """s.business_id = $1 and ($2::text[] = '{}' or s.channel_code = any($2))
    and ($3::text[] = '{}' or s.state = any($3)) and ($4 = '' or s.handle_type = $4) and ($5 = '' or s.handle_ref = $5)"""
SESSIONS = (
    f"""select {sessions.COLUMNS} from sessions s where {SESSIONS_WHERE} and s.id < $6 order by s.id desc limit $7"""
)
SESSIONS_TOTAL = f"select count(*) from sessions s where {SESSIONS_WHERE}"
ORDERS_WHERE = """o.business_id = $1 and ($2::text[] = '{}' or o.status = any($2))
    and ($3::text[] = '{}' or o.channel_code = any($3)) and ($4::text[] = '{}' or o.external_ref = any($4))
    and ($5 = '' or o.handle_type = $5) and ($6 = '' or o.handle_ref = $6)
    and ($7::timestamptz is null or o.created_at >= $7) and ($8::timestamptz is null or o.created_at < $8)
    and ($9::bigint is null or o.total_q >= $9) and ($10::bigint is null or o.total_q <= $10)"""
ORDERS_TOTAL = f"select count(*) from orders o where {ORDERS_WHERE}"
ORDER_BY: dict[str, tuple[str, str, tuple[int, str]]] = {
    "-created_at": ("$11::bigint is not null and o.id < $12", "o.id desc", (0, LAST_ID)),
    "created_at": ("$11::bigint is not null and o.id > $12", "o.id", (0, str(UUID(int=0)))),
    "-total_q": ("(o.total_q, o.id) < ($11, $12)", "o.total_q desc, o.id desc", (LARGEST, LAST_ID)),
    "total_q": ("(o.total_q, o.id) > ($11, $12)", "o.total_q, o.id", (-1, str(UUID(int=0)))),
}
ORDERS = {
    name: f"""
    select {orders.COLUMNS}, {orders.ITEMS}, c.config from orders o {orders.FLOW}
    where {ORDERS_WHERE} and {after} order by {by} limit $13
    """
    for name, (after, by, _) in ORDER_BY.items()
}
EVENTS = """
    select seq, type, actor, actor_label, payload, created_at from order_events
    where business_id = $1 and order_ref = $2 and seq > $3 order by seq limit $4
"""
DIRECTIVES_WHERE = """business_id = $1 and ($2::text[] = '{}' or topic = any($2))
    and ($3::text[] = '{}' or (case when status = 'queued' and leased_until > now() then 'running' else status end) = any($3))
    and ($4 = '' or order_ref = $4) and ($5 = '' or session_key = $5)"""
DIRECTIVES = f"""
    select {directives.COLUMNS} from directives where {DIRECTIVES_WHERE} and id < $6 order by id desc limit $7
"""
DIRECTIVES_TOTAL = f"select count(*) from directives where {DIRECTIVES_WHERE}"


async def list_channels(tx: Tx, asked: channels_pb2.ListChannelsRequest) -> channels_pb2.ListChannelsResponse:
    """Lists channels by display order, then code."""
    place, code = pages.key(asked.page_token, -1, "")
    active = asked.is_active if asked.HasField("is_active") else None
    rows, token = await _page(tx, asked, CHANNELS, (tx.business, place, code, active), _channel_key)
    items = [messages.channel(Channel(**row)) for row in rows]
    total = await _total(tx, asked, CHANNELS_TOTAL, (tx.business, active))
    return channels_pb2.ListChannelsResponse(items=items, next_page_token=token, total=total)


async def list_sessions(tx: Tx, asked: sessions_pb2.ListSessionsRequest) -> sessions_pb2.ListSessionsResponse:
    """Lists sessions, newest first."""
    states = [sessions_pb2.SessionState.Name(s).removeprefix("SESSION_STATE_").lower() for s in asked.state if s]
    where = (tx.business, list(asked.channel_code), states, asked.handle_type, asked.handle_ref)
    rows, token = await _page(tx, asked, SESSIONS, (*where, _before(asked.page_token)), _id_key)
    items = [messages.session(sessions.session_of(row)) for row in rows]
    total = await _total(tx, asked, SESSIONS_TOTAL, where)
    return sessions_pb2.ListSessionsResponse(items=items, next_page_token=token, total=total)


async def list_orders(tx: Tx, asked: orders_pb2.ListOrdersRequest) -> orders_pb2.ListOrdersResponse:
    """Lists orders without their snapshots, newest first unless asked otherwise."""
    order_by = asked.order_by or "-created_at"
    amount, identifier = pages.key(asked.page_token, *ORDER_BY[order_by][2])
    where = _orders_where(tx, asked)
    rows, token = await _page(tx, asked, ORDERS[order_by], (*where, amount, _uuid(identifier)), _order_key(order_by))
    items = [messages.order(orders.order_of(row), flow.of(row["config"]), with_snapshot=False) for row in rows]
    total = await _total(tx, asked, ORDERS_TOTAL, where)
    return orders_pb2.ListOrdersResponse(items=items, next_page_token=token, total=total)


def _orders_where(tx: Tx, asked: orders_pb2.ListOrdersRequest) -> tuple[Any, ...]:
    return (
        tx.business,
        [INITIAL if status == INITIAL_ALIAS else status for status in asked.status],
        list(asked.channel_code),
        list(asked.external_ref),
        asked.handle_type,
        asked.handle_ref,
        messages.instant(asked, "created_from"),
        messages.instant(asked, "created_to"),
        asked.min_total_q if asked.HasField("min_total_q") else None,
        asked.max_total_q if asked.HasField("max_total_q") else None,
    )


async def list_order_events(tx: Tx, asked: orders_pb2.ListOrderEventsRequest) -> orders_pb2.ListOrderEventsResponse:
    """Lists an order's history, oldest first; raises NotFound for an order that is not there."""
    [seq] = pages.key(asked.page_token, 0)
    rows, token = await _page(tx, asked, EVENTS, (tx.business, asked.ref, seq), lambda row: (row["seq"],))
    if not rows and await orders.order(tx, asked.ref) is None:
        raise NotFound("not_found", ref=asked.ref)
    return orders_pb2.ListOrderEventsResponse(items=[messages.event(row) for row in rows], next_page_token=token)


async def list_directives(tx: Tx, asked: directives_pb2.ListDirectivesRequest) -> directives_pb2.ListDirectivesResponse:
    """Lists directives, newest first."""
    statuses = [FILTER_ALIASES.get(status, status) for status in asked.status]
    where = (tx.business, list(asked.topic), statuses, asked.order_ref, asked.session_key)
    rows, token = await _page(tx, asked, DIRECTIVES, (*where, _before(asked.page_token)), _id_key)
    items = [messages.directive(Directive(**row)) for row in rows]
    total = await _total(tx, asked, DIRECTIVES_TOTAL, where)
    return directives_pb2.ListDirectivesResponse(items=items, next_page_token=token, total=total)


async def _page(
    tx: Tx,
    asked: Any,
    statement: str,
    arguments: tuple[Any, ...],
    key: Callable[[asyncpg.Record], tuple[str | int, ...]],
) -> tuple[Sequence[asyncpg.Record], str]:
    size = asked.page_size or pages.SIZE
    return pages.cut(await tx.connection.fetch(statement, *arguments, size + 1), size, key)


async def _total(tx: Tx, asked: Any, statement: str, arguments: tuple[Any, ...]) -> int | None:
    if not asked.include_total:
        return None
    total: int = await tx.connection.fetchval(statement, *arguments)
    return total


def _before(token: str) -> UUID:
    return _uuid(pages.key(token, LAST_ID)[0])


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid("invalid_page_token") from error


def _id_key(row: asyncpg.Record) -> tuple[str | int, ...]:
    return (str(row["id"]),)


def _channel_key(row: asyncpg.Record) -> tuple[str | int, ...]:
    return row["display_order"], row["code"]


def _order_key(order_by: str) -> Callable[[asyncpg.Record], tuple[str | int, ...]]:
    by_total = order_by.endswith("total_q")
    return lambda row: (row["total_q"] if by_total else 0, str(row["id"]))
