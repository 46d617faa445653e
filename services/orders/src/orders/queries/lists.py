"""Reads for lists: from SQL to messages, a page at a time, by the key of the last row."""

from datetime import UTC, datetime, timedelta

import asyncpg

from comanda.orders.v1 import channels_pb2, directives_pb2, orders_pb2, sessions_pb2
from kit import pages
from kit.call import current
from kit.db import Tx
from kit.errors import NotFound
from orders.domain import history
from orders.domain.channel import Channel
from orders.domain.directive import FILTER_ALIASES, Directive
from orders.messages import channels as channel_messages
from orders.messages import directives as directive_messages
from orders.messages import orders as order_messages
from orders.messages import sessions as session_messages
from orders.queries import paging
from orders.store import channels, directives, orders, sessions

EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
AGE = "(extract(epoch from created_at) * 1000000)::bigint"
CHANNELS = f"""
    select {channels.COLUMNS} from channels
    where business_id = $1 and (display_order, {AGE}, code) > ($2, $3, $4) and ($5::boolean is null or is_active = $5)
    order by display_order, {AGE}, code limit $6
"""
CHANNELS_TOTAL = "select count(*) from channels where business_id = $1 and ($2::boolean is null or is_active = $2)"
SESSIONS_WHERE = """s.business_id = $1 and ($2::text[] = '{}' or s.channel_code = any($2))
    and ($3::text[] = '{}' or s.state = any($3)) and ($4 = '' or s.handle_type = $4) and ($5 = '' or s.handle_ref = $5)"""
SESSIONS = (
    f"""select {sessions.COLUMNS} from sessions s where {SESSIONS_WHERE} and s.id < $6 order by s.id desc limit $7"""
)
SESSIONS_TOTAL = f"select count(*) from sessions s where {SESSIONS_WHERE}"
EVENTS = f"""
    select seq, type, actor, actor_label, payload, created_at, address, agent, request_id,
        (select c.config -> 'status_labels' from orders o {orders.FLOW} where o.business_id = $1 and o.ref = $2) as labels
    from order_events
    where business_id = $1 and order_ref = $2 and seq > $3 and ($4::text[] = '{{}}' or type = any($4))
        and ($5::text[] = '{{}}' or type || ':' || coalesce(payload ->> 'new_status', '') = any($5)
            or type = any($5) and type || ':' || coalesce(payload ->> 'new_status', '') <> all($6))
    order by seq limit $7
"""
DIRECTIVES_WHERE = """business_id = $1 and ($2::text[] = '{}' or topic = any($2))
    and ($3::text[] = '{}' or (case when status = 'queued' and leased_until > now() then 'running' else status end) = any($3))
    and ($4 = '' or order_ref = $4) and ($5 = '' or session_key = $5)"""
DIRECTIVES = f"""
    select {directives.COLUMNS} from directives where {DIRECTIVES_WHERE} and id < $6 order by id desc limit $7
"""
DIRECTIVES_TOTAL = f"select count(*) from directives where {DIRECTIVES_WHERE}"


async def list_channels(tx: Tx, asked: channels_pb2.ListChannelsRequest) -> channels_pb2.ListChannelsResponse:
    """Lists channels by display order, then by age (spec 1A.2)."""
    place = pages.key(asked.page_token, -1, 0, "")
    active = asked.is_active if asked.HasField("is_active") else None
    rows, token = await pages.page(tx, asked, CHANNELS, (tx.business, *place, active), _channel_key)
    items = [channel_messages.channel(Channel(**row)) for row in rows]
    total = await pages.total(tx, asked, CHANNELS_TOTAL, (tx.business, active))
    return channels_pb2.ListChannelsResponse(items=items, next_page_token=token, total=total)


async def list_sessions(tx: Tx, asked: sessions_pb2.ListSessionsRequest) -> sessions_pb2.ListSessionsResponse:
    """Lists sessions, newest first."""
    states = [sessions_pb2.SessionState.Name(s).removeprefix("SESSION_STATE_").lower() for s in asked.state if s]
    where = (tx.business, list(asked.channel_code), states, asked.handle_type, asked.handle_ref)
    async with paging.planned(tx):
        rows, token = await pages.page(tx, asked, SESSIONS, (*where, pages.before(asked.page_token)), pages.by_id)
        total = await pages.total(tx, asked, SESSIONS_TOTAL, where)
    items = [session_messages.session(sessions.session_of(row)) for row in rows]
    return sessions_pb2.ListSessionsResponse(items=items, next_page_token=token, total=total)


async def list_order_events(tx: Tx, asked: orders_pb2.ListOrderEventsRequest) -> orders_pb2.ListOrderEventsResponse:
    """Lists an order's history, oldest first; raises NotFound for an order that is not there."""
    [seq] = pages.key(asked.page_token, 0)
    wanted = [kind for action in asked.action for kind in history.KINDS[action]]
    where = (tx.business, asked.ref, seq, list(asked.type), wanted, list(history.ACTIONS))
    rows, token = await pages.page(tx, asked, EVENTS, where, lambda row: (row["seq"],))
    if not rows and await orders.order(tx, asked.ref) is None:
        raise NotFound("not_found", ref=asked.ref)
    language = current.get().language
    items = [order_messages.event(row, row["labels"] or {}, language) for row in rows]
    return orders_pb2.ListOrderEventsResponse(items=items, next_page_token=token)


async def list_directives(tx: Tx, asked: directives_pb2.ListDirectivesRequest) -> directives_pb2.ListDirectivesResponse:
    """Lists directives, newest first."""
    statuses = [FILTER_ALIASES.get(status, status) for status in asked.status]
    where = (tx.business, list(asked.topic), statuses, asked.order_ref, asked.session_key)
    async with paging.planned(tx):
        rows, token = await pages.page(tx, asked, DIRECTIVES, (*where, pages.before(asked.page_token)), pages.by_id)
        total = await pages.total(tx, asked, DIRECTIVES_TOTAL, where)
    items = [directive_messages.directive(Directive(**row)) for row in rows]
    return directives_pb2.ListDirectivesResponse(items=items, next_page_token=token, total=total)


def _channel_key(row: asyncpg.Record) -> tuple[str | int, ...]:
    return row["display_order"], (row["created_at"] - EPOCH) // MICROSECOND, row["code"]
