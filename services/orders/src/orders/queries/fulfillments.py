"""Fulfilments to be worked on: listed, counted, and as one way through the warehouse."""

from itertools import groupby
from typing import Any

import asyncpg

from comanda.orders.v1 import fulfillments_pb2 as pb
from kit import pages
from kit.db import Tx
from kit.errors import NotFound
from orders.messages import fulfillments as messages
from orders.queries import paging
from orders.store import fulfillments, orders

OF_ORDER = f"""select {fulfillments.COLUMNS}, {fulfillments.ITEMS} from fulfillments f
    where f.business_id = $1 and f.order_ref = $2 and f.number > $3 order by f.number limit $4"""
WHERE = """f.business_id = $1 and ($2::text[] = '{}' or f.status = any($2)) and ($3::text[] = '{}' or f.assigned_to = any($3))
    and ($4::text[] = '{}' or f.warehouse_location = any($4))"""
LIST = f"""select {fulfillments.COLUMNS}, {fulfillments.ITEMS} from fulfillments f
    where {WHERE} and f.number > $5 order by f.number limit $6"""
TOTAL = f"select count(*) from fulfillments f where {WHERE}"
STATS = "select status, count(*) as count from fulfillments where business_id = $1 group by status"
PICKED = f"""
    select o.number, o.order_ref, i.line_id, i.qty, l.sku, l.name
    from (
        select f.business_id, f.number, f.order_ref from fulfillments f
        where {WHERE} and ($5::text[] = '{{}}' or f.number = any($5)) order by f.number limit 100
    ) as o
    join fulfillment_items i on i.business_id = o.business_id and i.number = o.number
    join order_items l on l.business_id = o.business_id and l.order_ref = o.order_ref and l.line_id = i.line_id
    order by l.sku, o.number, l.position
"""
TO_PICK = ["pending", "picking"]


async def list_of_order(tx: Tx, asked: pb.ListOrderFulfillmentsRequest) -> pb.ListOrderFulfillmentsResponse:
    """Lists an order's fulfilments, oldest first; raises NotFound for an order that is not there."""
    [after] = pages.key(asked.page_token, "")
    rows, token = await pages.page(tx, asked, OF_ORDER, (tx.business, asked.ref, after), _key)
    if not rows and await orders.order(tx, asked.ref) is None:
        raise NotFound("not_found", ref=asked.ref)
    return pb.ListOrderFulfillmentsResponse(items=[_message(row) for row in rows], next_page_token=token)


async def list_fulfillments(tx: Tx, asked: pb.ListFulfillmentsRequest) -> pb.ListFulfillmentsResponse:
    """Lists fulfilments, oldest first."""
    [after] = pages.key(asked.page_token, "")
    statuses = [messages.fulfillment_status(number) for number in asked.status if number]
    where = (tx.business, statuses, list(asked.assigned_to), list(asked.warehouse_location))
    async with paging.planned(tx):
        rows, token = await pages.page(tx, asked, LIST, (*where, after), _key)
        total = await pages.total(tx, asked, TOTAL, where)
    return pb.ListFulfillmentsResponse(items=[_message(row) for row in rows], next_page_token=token, total=total)


async def stats(tx: Tx) -> pb.FulfillmentStats:
    """Counts fulfilments by status (M-11)."""
    counts = {row["status"]: row["count"] for row in await tx.connection.fetch(STATS, tx.business)}
    return pb.FulfillmentStats(**counts, total=sum(counts.values()))


async def pick_list(tx: Tx, asked: pb.GetPickListRequest) -> pb.PickList:
    """Sums up by SKU what the oldest fulfilments that have not been picked need."""
    where = (tx.business, TO_PICK, list(asked.assigned_to), list(asked.warehouse_location), list(asked.number))
    rows = await tx.connection.fetch(PICKED, *where)
    items = [_picked(sku, list(group)) for sku, group in groupby(rows, key=lambda row: row["sku"])]
    return pb.PickList(items=items, numbers=sorted({row["number"] for row in rows}))


def _picked(sku: str, rows: "list[asyncpg.Record]") -> pb.PickListItem:
    parts: list[Any] = [
        pb.PickListPart(number=row["number"], order_ref=row["order_ref"], line_id=row["line_id"], qty=str(row["qty"]))
        for row in rows
    ]
    return pb.PickListItem(sku=sku, name=rows[0]["name"], qty=str(sum(row["qty"] for row in rows)), parts=parts)


def _message(row: asyncpg.Record) -> pb.Fulfillment:
    return messages.fulfillment(fulfillments.fulfillment_of(row))


def _key(row: asyncpg.Record) -> tuple[str | int, ...]:
    return (row["number"],)
