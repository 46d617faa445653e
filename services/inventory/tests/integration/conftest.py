"""A shop on a real database: its stock is moved as the service moves it, by directives and by RPC."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import grpc
import pytest
from google.protobuf.message import Message

import inventory
from comanda.inventory.directives.v1.directives_pb2 import (
    CommitStock,
    Hold,
    HoldStock,
    HoldStockItem,
    HoldStockResult,
    ReleaseStock,
)
from comanda.inventory.v1 import (
    alerts_pb2_grpc,
    locations_pb2_grpc,
    price_lists_pb2_grpc,
    products_pb2_grpc,
    reservations_pb2_grpc,
    stock_pb2,
    stock_pb2_grpc,
    transfers_pb2_grpc,
)
from comanda.types.v1 import options_pb2
from comanda.types.v1.messaging_pb2 import OUTCOME_DONE, DirectiveSettled
from embedded.ports import free_port
from inventory.handlers import handlers
from inventory.messages.stock import receipts
from inventory.operations.expiry import end_expired
from inventory.operations.stock import receive
from inventory.service.alerts import AlertService
from inventory.service.locations import LocationService
from inventory.service.price_lists import PriceListService
from inventory.service.products import ProductService
from inventory.service.reservations import ReservationService
from inventory.service.stock import StockService
from inventory.service.transfers import TransferService
from inventory.texts import TEXTS
from kit import client, db, identity, outbox
from kit.consumer import Received
from kit.db import Database, Tx
from kit.identity import Identity, Verifier
from kit.ids import uuid7
from kit.interceptors import Frame

KEY = identity.new_private_key()
CHANNEL = "counter"
MARGIN = timedelta(minutes=10)
HANDLERS = {handler.type: handler for handler in handlers(MARGIN)}

WRONG_COUNTERS = """
    with moved as (select business_id, sku, location, sum(qty_delta) as qty from movements group by 1, 2, 3),
    held as (
        select business_id, sku, location, sum(qty - qty_fulfilled) as qty from reservations
        where status = 'active' group by 1, 2, 3
    )
    select s.*, moved.qty as moved, held.qty as held
    from stock s left join moved using (business_id, sku, location) left join held using (business_id, sku, location)
    where s.on_hand <> coalesce(moved.qty, 0) or s.reserved <> coalesce(held.qty, 0)
"""


@dataclass
class Shop:
    """One business on a database that others may share."""

    database: Database
    business: UUID = field(default_factory=uuid4)

    async def run(self, work: Callable[[Tx], Any]) -> Any:
        """Works in one transaction of the business's owner."""
        owner = Identity(self.business, options_pb2.ROLE_OWNER, "key:test")
        return await self.database.run(lambda tx, _: work(tx), identity=owner)

    async def open(self) -> None:
        """Makes the locations."""
        await self.rows(
            """
            insert into locations (business_id, code, name, type, priority, is_active, created_at, updated_at)
            values ($1, 'main', 'Main', 'warehouse', 0, true, now(), now()),
                ($1, 'spare', 'Spare', 'warehouse', 1, true, now(), now())
            """,
            self.business,
        )

    async def neighbour(self) -> "Shop":
        """Another business on the same database."""
        found = Shop(self.database)
        await found.open()
        return found

    async def stock(self, location: str = "main", step: str = "0.001", **units: str) -> None:
        """Makes products, and puts units on a shelf as a receipt does unless they are zero."""
        for sku, qty in units.items():
            await self.rows(
                """
                insert into products (business_id, sku, name, unit, step, barcode, retail_price_q, wholesale_price_q,
                    cost_q, is_active, created_at, updated_at)
                values ($1, $2, $2, 'un', $3, '', 0, 0, 0, true, now(), now()) on conflict do nothing
                """,
                self.business, sku, Decimal(step),
            )  # fmt: skip
            if Decimal(qty):
                line = stock_pb2.ReceiveLine(sku=sku, qty=qty)
                request = stock_pb2.ReceiveStockRequest(location=location, lines=[line])
                await self.run(partial(receive, location=location, receipts=receipts(request, self.business)))

    def arrived(self, message: Message, attempt: int = 1) -> Received[Any]:
        """A message as it arrives."""
        identifier = str(uuid7())
        return Received(self.business, message, identifier, "test", datetime.now(UTC), identifier, attempt)

    def holding(self, session: str, rev: int = 1, ttl: float | None = None, **lines: str) -> HoldStock:
        """The directive with one line a SKU; the line's id is the SKU in capitals."""
        items = [HoldStockItem(line_id=sku.upper(), sku=sku, qty=qty) for sku, qty in lines.items()]
        message = HoldStock(session_key=session, channel_code=CHANNEL, rev=rev, items=items)
        if ttl is not None:
            message.ttl.FromTimedelta(timedelta(seconds=ttl))
        return message

    def committing(self, order: str, session: str, holds: Sequence[Hold] = ()) -> CommitStock:
        """The directive that takes the stock of an order."""
        return CommitStock(order_ref=order, session_key=session, channel_code=CHANNEL, holds=holds)

    async def settle(self, *messages: Message | Received[Any]) -> list[DirectiveSettled]:
        """Executes one batch of directives of one type and returns how each ended."""
        batch = [each if isinstance(each, Received) else self.arrived(each) for each in messages]

        async def work(tx: Tx, _: object) -> list[DirectiveSettled]:
            await HANDLERS[type(batch[0].message)].handle(tx, batch)
            return [message for *_, message in tx.outgoing if isinstance(message, DirectiveSettled)]

        return await self.database.run(work)

    async def hold(self, session: str, rev: int = 1, ttl: float | None = None, **lines: str) -> HoldStockResult:
        """Holds lines, named by SKU, for a session; returns the result of a directive that must be done."""
        [settled] = await self.settle(self.holding(session, rev, ttl, **lines))
        return self.result(settled)

    def result(self, settled: DirectiveSettled) -> HoldStockResult:
        """What a hold that is done brought."""
        assert settled.outcome == OUTCOME_DONE, settled
        found = HoldStockResult()
        assert settled.result.Unpack(found)
        return found

    async def commit(self, order: str, session: str, holds: Sequence[Hold] = ()) -> DirectiveSettled:
        """Takes the stock of an order."""
        return (await self.settle(self.committing(order, session, holds)))[0]

    async def release(self, order: str = "", session: str = "") -> DirectiveSettled:
        """Gives back what an order or a session has."""
        message = ReleaseStock(order_ref=order, session_key=session, channel_code=CHANNEL if session else "")
        return (await self.settle(message))[0]

    async def order(self, order: str, **lines: str) -> list[Hold]:
        """Holds lines for the session of the same name and takes the stock; returns the holds."""
        holds = list((await self.hold(order, **lines)).holds)
        assert (await self.commit(order, order, holds)).outcome == OUTCOME_DONE
        return holds

    async def sweep(self) -> bool:
        """Ends what has run out."""
        return await self.database.run(lambda tx, _: end_expired(tx))

    async def pass_time(self, seconds: float = 86_400) -> None:
        """Lets all reservations age by so much."""
        await self.rows("update reservations set expires_at = expires_at - make_interval(secs => $1)", seconds)

    async def level(self, sku: str, location: str = "main") -> tuple[Decimal, Decimal]:
        """The counters of a shelf: on hand and reserved."""
        [row] = await self.rows(
            "select on_hand, reserved from stock where business_id = $1 and sku = $2 and location = $3",
            self.business, sku, location,
        )  # fmt: skip
        return row["on_hand"], row["reserved"]

    async def statuses(self, session: str) -> list[str]:
        """The statuses of a session's reservations, oldest first."""
        rows = await self.rows("select status from reservations where owner_ref = $1 order by created_at, sku", session)
        return [row["status"] for row in rows]

    async def moved(self, reference: str) -> list[tuple[str, Decimal]]:
        """Types and differences of the movements that belong to something, oldest first."""
        rows = await self.rows(
            "select type, qty_delta from movements where reference = $1 order by created_at, sku", reference
        )
        return [(row["type"], row["qty_delta"]) for row in rows]

    async def rows(self, statement: str, *arguments: Any) -> "list[asyncpg.Record]":
        """Runs SQL directly."""
        return await self.database.pool.fetch(statement, *arguments)

    async def waits(self) -> bool:
        """Whether a transaction waits for another's lock."""
        waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        return bool(await self.rows(waiting))

    async def check(self) -> None:
        """Proves that the counters of every shelf are the sums of its movements and reservations."""
        assert await self.rows(WRONG_COUNTERS) == []


async def connected(url: str, size: int = 16, prefix: str = "test") -> Database:
    """The service's database as its process opens it; what it would publish is for streams of the prefix."""
    pool = await db.connect(url, size)
    return Database(pool, partial(outbox.close, prefix=prefix), lambda: None)


@pytest.fixture
def url(new_database: Callable[[ModuleType], str]) -> str:
    """A fresh database."""
    return new_database(inventory)


@pytest.fixture
def prefix() -> str:
    """Of streams that nobody has; tests with processes take their own, since a relay insists on publishing everything."""
    return "test"


@pytest.fixture
async def database(url: str, prefix: str) -> AsyncIterator[Database]:
    """A connected database."""
    found = await connected(url, prefix=prefix)
    yield found
    await found.pool.close()


@pytest.fixture
async def connect(url: str) -> AsyncIterator[Callable[[], Awaitable[Database]]]:
    """Opens further pools on the test's database, as further processes would."""
    async with AsyncExitStack() as stack:

        async def open_one() -> Database:
            found = await connected(url, 8)
            stack.push_async_callback(found.pool.close)
            return found

        yield open_one


@pytest.fixture
def new_shop() -> Callable[[str], AbstractAsyncContextManager[Shop]]:
    """Opens shops in a loop of the caller's own."""

    @asynccontextmanager
    async def make(url: str) -> AsyncIterator[Shop]:
        database = await connected(url, 2)
        found = Shop(database)
        await found.open()
        yield found
        await database.pool.close()

    return make


@pytest.fixture
async def shop(database: Database) -> Shop:
    """A business with two locations, of which `main` comes first."""
    found = Shop(database)
    await found.open()
    return found


@dataclass
class Api:
    """The service's RPCs and who calls them."""

    shop: Shop
    products: products_pb2_grpc.ProductServiceStub
    price_lists: price_lists_pb2_grpc.PriceListServiceStub
    locations: locations_pb2_grpc.LocationServiceStub
    stock: stock_pb2_grpc.StockServiceStub
    reservations: reservations_pb2_grpc.ReservationServiceStub
    transfers: transfers_pb2_grpc.TransferServiceStub
    alerts: alerts_pb2_grpc.AlertServiceStub

    async def call(self, method: Any, request: Message, role: int = options_pb2.ROLE_OWNER) -> Any:
        """Calls a method as somebody of the shop's business."""
        return await client.call(method, request, token(self.shop.business, role))


@dataclass
class Running:
    """The service as a process of its own."""

    process: asyncio.subprocess.Process
    address: str

    def kill(self) -> None:
        """Kills it at once."""
        self.process.kill()

    async def drain(self) -> int:
        """Asks it to finish and returns its exit status."""
        self.process.terminate()
        return await self.process.wait()


@pytest.fixture
async def start(url: str, nats_url: str, stream_prefix: str) -> AsyncIterator[Callable[..., Awaitable[Running]]]:
    """Starts processes of the service on the test's database and stream prefix, at a given address if it matters.

    None survives the test.
    """
    environment = {
        **os.environ,
        "COMANDA_DATABASE_URL": url,
        "COMANDA_NATS_URL": nats_url,
        "COMANDA_STREAM_PREFIX": stream_prefix,
        "COMANDA_IDENTITY_PUBLIC_KEY": identity.public_key_of(KEY),
        "COMANDA_POLL_SECONDS": "0.1",
        "COMANDA_BATCH_SIZE": "20",
        "COMANDA_LOG_LEVEL": "warning",
    }
    async with AsyncExitStack() as stack:

        async def end(process: asyncio.subprocess.Process) -> None:
            if process.returncode is None:
                process.kill()
            await process.wait()

        async def one(address: str = "", program: Sequence[str] = ("-m", "inventory", "serve")) -> Running:
            address = address or f"127.0.0.1:{free_port()}"
            process = await asyncio.create_subprocess_exec(
                sys.executable, *program, env={**environment, "COMANDA_LISTEN": address}
            )
            stack.push_async_callback(end, process)
            return Running(process, address)

        yield one


def token(business: UUID, role: int = options_pb2.ROLE_OWNER) -> str:
    """A token of somebody of the business."""
    return identity.sign(Identity(business, role, "key:test"), identity.private_key(KEY))[0]


@pytest.fixture
def bearer(shop: Shop) -> str:
    """A token of somebody of the shop's business."""
    return token(shop.business)


@pytest.fixture
async def api(shop: Shop) -> AsyncIterator[Api]:
    """The shop's service, ready to be called."""
    frame = Frame("inventory", Verifier(identity.public_key_of(KEY)), TEXTS, "en")
    server = grpc.aio.server(interceptors=[frame])
    products_pb2_grpc.add_ProductServiceServicer_to_server(ProductService(shop.database), server)
    price_lists_pb2_grpc.add_PriceListServiceServicer_to_server(PriceListService(shop.database), server)
    locations_pb2_grpc.add_LocationServiceServicer_to_server(LocationService(shop.database), server)
    stock_pb2_grpc.add_StockServiceServicer_to_server(StockService(shop.database), server)
    reservations_pb2_grpc.add_ReservationServiceServicer_to_server(ReservationService(shop.database), server)
    transfers_pb2_grpc.add_TransferServiceServicer_to_server(TransferService(shop.database), server)
    alerts_pb2_grpc.add_AlertServiceServicer_to_server(AlertService(shop.database), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with client.channel(f"127.0.0.1:{port}") as channel:
        yield Api(
            shop,
            products_pb2_grpc.ProductServiceStub(channel),
            price_lists_pb2_grpc.PriceListServiceStub(channel),
            locations_pb2_grpc.LocationServiceStub(channel),
            stock_pb2_grpc.StockServiceStub(channel),
            reservations_pb2_grpc.ReservationServiceStub(channel),
            transfers_pb2_grpc.TransferServiceStub(channel),
            alerts_pb2_grpc.AlertServiceStub(channel),
        )
    await server.stop(None)
