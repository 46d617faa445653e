"""The orders of a shop that has been open for long, made up by number: order n is the same in every run."""

import asyncio
import json
import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from multiprocessing import get_context
from typing import Any
from uuid import UUID

import asyncpg

from kit import ids
from kit.ids import ALPHABET

A_DAY = 1000
"""Orders of a business day: more orders mean more days, as they do in a shop."""
OPENED = datetime(2024, 1, 1, 3, tzinfo=UTC)
CHANNELS = ("app", "web", "fair")
SEASON = 10_000
"""Orders after which customers and products are others."""
SKUS = 200
"""How many products a season has at most. Of 100 orders 99 share their first one with more orders than a page takes, and with a few
hundred at most, so that a search for it is the same with few orders and with many."""
FIRST = [
    a + b
    for a, b in product(
        ("an", "bru", "car", "di", "el", "fab", "gab", "hel", "is", "jul"), ("ana", "eno", "ia", "o", "ita")
    )
]
LAST = [
    a + b + c
    for a, b, c in product(
        ("al", "bar", "cos", "dan", "fer", "gon", "lim", "mor", "oli", "per"), "aeiou", ("do", "na", "ra", "va")
    )
]
"""One in 50 has a first name, one in 200 a surname; those who came in the same season share a second surname, for new
customers come all the time, and with few orders or many about one has a name whole."""
BATCH = 20_000
PART = re.compile(r"[^\W_]+")
LETTERS = re.compile("^([a-z]+).*")
WALK = ("confirmed", "processing", "ready", "dispatched", "delivered", "completed")


@dataclass(frozen=True, slots=True)
class Made:
    """An order."""

    number: int
    mixed: int
    """A number of 40 bits that looks like none of its neighbours' and belongs to no other order."""
    at: datetime
    ref: str
    channel: str
    external_ref: str
    handle: str
    status: str
    name: str
    email: str
    lines: list[tuple[str, int, int]]
    """SKU, quantity, and price of each line."""
    total_q: int


def made(number: int) -> Made:
    """Returns an order: one in 2,000 comes from the fair, one in ten has a handle, one in 500 is new, one in 25 cancelled."""
    mixed = number * 0x9E3779B97F & 0xFFFFFFFFFF
    at = OPENED + timedelta(days=1) / A_DAY * number
    code = "".join([ALPHABET[mixed >> shift & 31] for shift in range(0, 40, 5)])
    surnames = LAST[(mixed >> 7) % len(LAST)], LAST[number // SEASON % len(LAST)]
    name = " ".join((FIRST[mixed % len(FIRST)], *surnames))
    price = 500 + mixed % 9973
    first = (mixed >> 13) % SKUS
    skus = [f"SKU-{number // SEASON * SKUS + (first + k) % SKUS:05}" for k in range(1 + (mixed >> 11 & 1))]
    return Made(
        number=number,
        mixed=mixed,
        at=at,
        ref=f"ORD-{at:%Y%m%d}-{code}",
        channel="fair" if number % 2000 == 1999 else CHANNELS[mixed >> 3 & 1],
        external_ref=f"EXT-{number:08}",
        handle=f"C-{mixed % 50_021}" if number % 10 == 3 else "",
        status="new" if number % 500 == 7 else "cancelled" if number % 25 == 4 else "completed",
        name=name,
        email=f"{name.replace(' ', '.')}{number}@example.com",
        lines=[(sku, 1 + k, price) for k, sku in enumerate(skus)],
        total_q=sum((1 + k) * price for k in range(len(skus))),
    )


INDEXES = """
    select i.indexdef, format('drop index %I', i.indexname) as dropping from pg_indexes i
    where i.tablename = any($1) and i.schemaname = 'public'
        and not exists (select from pg_constraint c where c.conname = i.indexname)
"""
TABLES = ("orders", "order_items", "order_events", "order_search")


async def load(url: str, business: UUID, count: int) -> None:
    """Copies orders with their lines, history, and words into the orders database; plans know of them afterwards."""
    connection = await asyncpg.connect(url)
    try:
        # Indexes that are made once, over all rows, take a tenth of the time.
        indexes = await connection.fetch(INDEXES, TABLES)
        for index in indexes:
            await connection.execute(index["dropping"])
        await _copy_all(url, business, [range(k, min(k + BATCH, count)) for k in range(0, count, BATCH)])
        for index in indexes:
            await connection.execute(index["indexdef"])
        await connection.execute(f"vacuum (analyze) {', '.join(TABLES)}")
    finally:
        await connection.close()


async def _copy_all(url: str, business: UUID, batches: list[range]) -> None:
    """Copies each batch; several are made up at once, since that takes longer than to store them."""
    if len(batches) == 1:
        await _copy(url, business, batches[0])
        return
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        works = [asyncio.wrap_future(pool.submit(_copy_apart, url, business, batch)) for batch in batches]
        await asyncio.gather(*works)


def _copy_apart(url: str, business: UUID, numbers: range) -> None:
    asyncio.run(_copy(url, business, numbers))


async def _copy(url: str, business: UUID, numbers: range) -> None:
    orders = [made(number) for number in numbers]
    identifiers = [ids.uuid7(each.at) for each in orders]
    connection = await asyncpg.connect(url)
    try:
        for table, columns, rows in _tables(business, orders, identifiers):
            await connection.copy_records_to_table(table, columns=columns, records=rows)
        await connection.execute(WORDS, business, identifiers, [_words(business, each) for each in orders])
    finally:
        await connection.close()


ORDER = (
    "business_id", "ref", "id", "channel_code", "config_version", "session_key", "handle_type", "handle_ref", "external_ref",
    "status", "currency", "subtotal_q", "discount_q", "shipping_q", "tax_q", "total_q", "items_count", "data", "snapshot",
    "last_seq", "created_at", "updated_at", *(f"{status}_at" for status in WALK), "cancelled_at",
)  # fmt: skip
ITEM = ("business_id", "order_ref", "line_id", "position", "sku", "name", "qty", "unit_price_q", "line_total_q", "meta")
EVENT = (
    "business_id", "order_ref", "seq", "type", "actor", "actor_label", "payload", "request_id", "address", "agent", "created_at",
)  # fmt: skip
WORDS = """
    insert into order_search (business_id, id, words)
    select $1, id, array_to_tsvector(string_to_array(words, ' ')) from unnest($2::uuid[], $3::text[]) as found (id, words)
"""


def _tables(
    business: UUID, orders: list[Made], identifiers: list[UUID]
) -> Iterator[tuple[str, tuple[str, ...], Iterable[tuple[Any, ...]]]]:
    yield "orders", ORDER, (_order(business, each, i) for each, i in zip(orders, identifiers, strict=True))
    yield "order_items", ITEM, (item for each in orders for item in _items(business, each))
    yield "order_events", EVENT, (event for each in orders for event in _events(business, each))


def _order(business: UUID, order: Made, identifier: UUID) -> tuple[Any, ...]:
    data = json.dumps({"customer": {"name": order.name.title(), "email": order.email}})
    lines = [{"sku": sku, "qty": f"{quantity}.000", "unit_price_q": price} for sku, quantity, price in order.lines]
    snapshot = json.dumps({"_v": 1, "items": lines, "data": {}, "pricing": {"total_q": order.total_q}, "rev": 1})
    completed = order.status == "completed"
    steps = [
        order.at + timedelta(minutes=5 + 10 * k + order.mixed % 7) if completed else None for k in range(len(WALK))
    ]
    cancelled = order.at + timedelta(minutes=1) if order.status == "cancelled" else None
    return (
        business, order.ref, identifier, order.channel, 1, f"SESS-{order.number}", "customer" if order.handle else "", order.handle,
        order.external_ref, order.status, "BRL", order.total_q, 0, 0, 0, order.total_q, len(lines), data, snapshot,
        1 if order.status == "new" else 2, order.at, order.at, *steps, cancelled,
    )  # fmt: skip


def _items(business: UUID, order: Made) -> Iterator[tuple[Any, ...]]:
    for k, (sku, quantity, price) in enumerate(order.lines):
        yield (
            business,
            order.ref,
            f"L-{k}",
            k + 1,
            sku,
            f"Product {sku}",
            Decimal(quantity),
            price,
            quantity * price,
            "{}",
        )


def _events(business: UUID, order: Made) -> Iterator[tuple[Any, ...]]:
    yield business, order.ref, 1, "created", "bench", "", "{}", "", "", "", order.at
    if order.status != "new":
        moved = json.dumps({"old_status": "new", "new_status": order.status})
        yield business, order.ref, 2, "status_changed", "bench", "", moved, "", "", "", order.at


def _words(business: UUID, order: Made) -> str:
    """Returns what the order is found by, as the order hub itself would keep it."""
    texts = (order.ref, order.external_ref, order.name, order.email, *(sku for sku, _, _ in order.lines))
    whole = " ".join(texts).lower().split()
    parts = [(word, part) for word in whole for part in PART.finditer(word)]
    plain = (part[0] if part.end() == len(word) else LETTERS.sub(r"\1", part[0]) for word, part in parts)
    words = {*whole, *plain, *(word[part.start() :] for word, part in parts)}
    return " ".join(f"{business.hex[-12:]}{'/' if PART.fullmatch(word) else '~'}{word}" for word in words)
