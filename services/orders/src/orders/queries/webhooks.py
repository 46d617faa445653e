"""Lists of webhook addresses and deliveries."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

import asyncpg

from comanda.orders.v1 import webhooks_pb2 as pb
from kit import pages
from kit.db import Tx
from kit.errors import NotFound
from orders.queries import paging
from orders.store import webhooks
from orders.store.webhooks import Endpoint

ENDPOINTS = f"""select {webhooks.COLUMNS} from webhook_endpoints where business_id = $1 and id < $2
    order by id desc limit $3"""
COLUMNS = """id, directive_id, topic, kind, endpoint_id, status, attempts, due_at, response_code, error_code, last_error,
    created_at, delivered_at"""
DELIVERY = f"select {COLUMNS} from deliveries where business_id = $1 and id = $2"
DELIVERIES = f"""
    select {COLUMNS} from deliveries
    where business_id = $1 and ($2::uuid is null or directive_id = $2) and ($3 = '' or lane = $3)
        and ($4::text[] = '{{}}' or status = any($4)) and id < $5
    order by id desc limit $6
"""
ATTEMPTS = """select attempt, started_at, duration_ms, response_code, error_code, error from delivery_attempts
    where business_id = $1 and delivery_id = $2 order by attempt"""


async def list_endpoints(tx: Tx, asked: pb.ListWebhookEndpointsRequest) -> pb.ListWebhookEndpointsResponse:
    """Lists addresses, newest first."""
    where = (tx.business, pages.before(asked.page_token))
    rows, token = await pages.page(tx, asked, ENDPOINTS, where, pages.by_id)
    return pb.ListWebhookEndpointsResponse(items=[endpoint(Endpoint(**row)) for row in rows], next_page_token=token)


async def list_deliveries(tx: Tx, asked: pb.ListDeliveriesRequest) -> pb.ListDeliveriesResponse:
    """Lists deliveries, newest first."""
    directive = UUID(asked.directive_id) if asked.directive_id else None
    where = (tx.business, directive, asked.endpoint_id, list(asked.status), pages.before(asked.page_token))
    async with paging.planned(tx):
        rows, token = await pages.page(tx, asked, DELIVERIES, where, pages.by_id)
    return pb.ListDeliveriesResponse(items=[_delivery(row) for row in rows], next_page_token=token)


async def delivery(tx: Tx, identifier: str) -> pb.Delivery:
    """Returns a delivery with every attempt at it; raises NotFound."""
    place = (tx.business, UUID(identifier))
    row = await tx.connection.fetchrow(DELIVERY, *place)
    if row is None:
        raise NotFound("not_found", id=identifier)
    log: list[Any] = [pb.DeliveryAttempt(**each) for each in await tx.connection.fetch(ATTEMPTS, *place)]
    return _delivery(row, log)


def endpoint(found: Endpoint, secret: str = "") -> pb.WebhookEndpoint:
    """Returns an address's message, with its secret where that is new."""
    return pb.WebhookEndpoint(**asdict(found) | {"id": str(found.id), "secret": secret})


def _delivery(row: asyncpg.Record, log: Any = ()) -> pb.Delivery:
    values = dict(row) | {name: str(row[name] or "") for name in ("id", "directive_id", "endpoint_id")}
    return pb.Delivery(**values, log=log)
