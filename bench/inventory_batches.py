"""What a stock directive costs the inventory's process: CPU milliseconds by batch size, three lines each, as one JSON object.

Everything but the network to NATS is in it: envelope, inbox, decision, statements, outcome, outbox. PostgreSQL's own CPU is not.
"""

import json
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import uvloop
from google.protobuf.message import Message

import inventory
from comanda.inventory.directives.v1.directives_pb2 import CommitStock, Hold, HoldStock, HoldStockItem
from comanda.types.v1.messaging_pb2 import Envelope
from embedded.postgres import Postgres
from inventory.handlers import handlers
from inventory.settings import Settings
from kit import db, migrations, outbox
from kit.consumer import Consumer
from kit.db import Database

BATCHES = (1, 2, 10, 20, 50)
DIRECTIVES = 1200
WARM_UP = 200
SKUS = 200
BUSINESS = uuid4()

LOCATION = """
    insert into locations (business_id, code, name, type, priority, is_active, created_at, updated_at)
    values ($1, 'main', '', 'warehouse', 0, true, now(), now())
"""
PRODUCTS = """
    insert into products (business_id, sku, name, unit, step, barcode, retail_price_q, wholesale_price_q, cost_q, is_active,
        created_at, updated_at)
    select $1, 'sku' || n, '', 'un', 0.001, '', 0, 0, 0, true, now(), now() from generate_series(0, $2 - 1) as n
"""
SHELVES = """
    insert into stock (business_id, sku, location, on_hand, reserved)
    select $1, 'sku' || n, 'main', 1000000, 0 from generate_series(0, $2 - 1) as n
"""


@dataclass
class Arrival:
    """A message as NATS hands it over, without a NATS to acknowledge it to."""

    data: bytes
    subject: str = "bench"

    async def ack(self) -> None:
        """Costs nothing here."""


def arrival(message: Message) -> Arrival:
    """Wraps a directive as the orders service sends it."""
    directive = str(uuid4())
    envelope = Envelope(
        id=f"{directive}.1",
        type=message.DESCRIPTOR.full_name,
        business_id=str(BUSINESS),
        aggregate="session/bench",
        payload=message.SerializeToString(),
    )
    envelope.occurred_at.GetCurrentTime()
    envelope.dispatch.directive_id, envelope.dispatch.attempt = directive, 1
    return Arrival(envelope.SerializeToString())


def hold(session: str, number: int) -> HoldStock:
    """A session with three of the SKUs."""
    items = [HoldStockItem(line_id=f"L{n}", sku=f"sku{(number * 7 + n * 61) % SKUS}", qty="1.000") for n in range(3)]
    return HoldStock(session_key=session, channel_code="bench", rev=1, items=items)


async def held(database: Database, session: str) -> list[Hold]:
    """What a session holds, as its order names it."""
    rows = await database.pool.fetch("select id, sku from reservations where owner_ref = $1", session)
    return [Hold(hold_id=str(row["id"]), sku=row["sku"]) for row in rows]


async def cost(consumer: Consumer, messages: list[Arrival], size: int) -> float:
    """Handles messages in batches and returns CPU milliseconds a message."""
    begun = time.process_time()
    for start in range(0, len(messages), size):
        await consumer.handle(cast("list[Any]", messages[start : start + size]))
    return (time.process_time() - begun) * 1000 / len(messages)


async def measure(url: str) -> dict[str, dict[str, float]]:
    """Measures all batch sizes on a migrated database."""
    pool = await db.connect(url, 4)
    await pool.execute(LOCATION, BUSINESS)
    for statement in (PRODUCTS, SHELVES):
        await pool.execute(statement, BUSINESS, SKUS)
    database = Database(pool, partial(outbox.close, prefix="bench"), lambda: None)
    by_type = {
        each.type: Consumer(each, cast("Any", None), database, "bench") for each in handlers(Settings().commit_margin)
    }
    found: dict[str, dict[str, float]] = {}
    for size in (WARM_UP, *BATCHES):
        sessions = [f"{size}-{n}" for n in range(DIRECTIVES)]
        holds = [arrival(hold(session, n)) for n, session in enumerate(sessions)]
        hold_ms = await cost(by_type[HoldStock], holds, size)
        await pool.execute("analyze")
        commits = [
            arrival(CommitStock(order_ref=f"O{session}", session_key=session, holds=await held(database, session)))
            for session in sessions
        ]
        commit_ms = await cost(by_type[CommitStock], commits, size)
        found[str(size)] = {"hold_ms": round(hold_ms, 3), "commit_ms": round(commit_ms, 3)}
    await pool.close()
    return {size: figures for size, figures in found.items() if int(size) in BATCHES}


def main() -> None:
    """Starts a PostgreSQL of its own, measures, and prints."""
    with tempfile.TemporaryDirectory(prefix="comanda-bench-") as home:
        Path(home).chmod(0o755)
        postgres = Postgres(Path(home) / "postgres")
        postgres.start()
        try:
            migrations.upgrade(inventory, postgres.url)
            print(json.dumps(uvloop.run(measure(postgres.url)), indent=2))
        finally:
            postgres.stop("immediate")


if __name__ == "__main__":
    main()
