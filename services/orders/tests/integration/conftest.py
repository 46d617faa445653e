"""The orders service in this process, on a real database and a real NATS, with a stock executor that a test can steer.

`@with_inventory` on a test puts the real inventory service in the executor's place.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from nats.aio.client import Client
from outbound_calls import Listener, Mailbox, listening, receiving_mail

import inventory as inventory_service
import orders
from comanda.inventory.directives.v1 import directives_pb2 as inventory
from comanda.inventory.v1 import locations_pb2_grpc, price_lists_pb2_grpc, products_pb2_grpc, stock_pb2_grpc
from comanda.orders.v1 import (
    analytics_pb2_grpc,
    channels_pb2_grpc,
    directives_pb2_grpc,
    feed_pb2_grpc,
    fulfillments_pb2_grpc,
    marketplaces_pb2_grpc,
    notes_pb2_grpc,
    orders_pb2_grpc,
    refs_pb2_grpc,
    returns_pb2_grpc,
    sessions_pb2_grpc,
    webhooks_pb2_grpc,
)
from comanda.sales.directives.v1 import directives_pb2 as sales
from comanda.types.v1 import options_pb2
from inventory import texts as inventory_texts
from inventory.handlers import handlers as inventory_handlers
from inventory.service.locations import LocationService
from inventory.service.price_lists import PriceListService
from inventory.service.products import ProductService
from inventory.service.stock import StockService
from kit import client, identity, server, streams, tasks
from kit.consumer import Consumer, Received
from kit.db import Tx
from kit.directives import Settled, done, executes, failed
from kit.identity import Identity
from kit.ids import uuid7
from kit.pull import Pull
from kit.settings import Settings
from orders import handlers, sweeps
from orders.catalogue import Catalogue
from orders.service.analytics import AnalyticsService
from orders.service.channels import ChannelService
from orders.service.directives import DirectiveService
from orders.service.feed import OrderFeedService
from orders.service.fulfillments import FulfillmentService
from orders.service.marketplaces import MarketplaceService
from orders.service.notes import NoteService
from orders.service.orders import OrderService
from orders.service.refs import RefService
from orders.service.returns import ReturnService
from orders.service.sessions import SessionService
from orders.service.webhooks import WebhookService
from orders.texts import TEXTS

KEY = identity.new_private_key()


@dataclass
class Stock:
    """Answers stock directives as inventory would, from a mapping of what is there; a SKU that is not named is plenty."""

    available: dict[str, int] = field(default_factory=dict)
    seen: list[Any] = field(default_factory=list)
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    refusals: list[Settled] = field(default_factory=list)
    """How the next attempts at `stock.commit` end; done when there are none left."""
    ttl: timedelta = timedelta(minutes=15)

    def hold(self, asked: inventory.HoldStock) -> inventory.HoldStockResult:
        """Holds everything or nothing."""
        result = inventory.HoldStockResult(
            session_key=asked.session_key, channel_code=asked.channel_code, rev=asked.rev
        )
        for item in asked.items:
            left = self.available.get(item.sku, 10**6)
            if float(item.qty) > left:
                shortage = result.shortages.add(line_id=item.line_id, sku=item.sku, reason="insufficient")
                shortage.requested_qty, shortage.available_qty = item.qty, f"{left}.000"
        if not result.shortages:
            expires = datetime.now(UTC) + self.ttl
            result.hold_expires_at.FromDatetime(expires)
            for item in asked.items:
                result.holds.add(sku=item.sku, hold_id=str(uuid7()), qty=item.qty).expires_at.FromDatetime(expires)
        return result


@dataclass
class Hub:
    """The running service and how to call it."""

    url: str
    prefix: str
    address: str
    business: UUID
    token: str
    stock: Stock
    process: server.Process
    channels: Any
    sessions: Any
    orders: Any
    directives: Any
    products: Any
    locations: Any
    goods: Any
    price_lists: Any
    upstream: Any
    refs: Any

    @property
    def feed(self) -> Any:
        """Where what happens to orders is followed."""
        return feed_pb2_grpc.OrderFeedServiceStub(self.upstream)

    async def call(self, method: Any, request: Any, token: str = "") -> Any:
        """Calls a stub's method as the business's owner."""
        return await client.call(method, request, token or self.token)

    def token_for(self, business: UUID, role: int = options_pb2.ROLE_OWNER, customer_id: str = "") -> str:
        """A token of the owner of another business, or of somebody else."""
        return token_of(business, role, customer_id)

    async def rows(self, statement: str, *arguments: Any) -> "list[asyncpg.Record]":
        """Reads the database directly."""
        connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()


def token_of(business: UUID, role: int = options_pb2.ROLE_OWNER, customer_id: str = "") -> str:
    """A token of a caller of the business."""
    return identity.sign(Identity(business, role, "key:test", customer_id), identity.private_key(KEY))[0]


def executors(stock: Stock) -> list[Any]:
    """The stand-in's handlers."""

    @executes(inventory.HoldStock)
    async def hold(tx: Tx, batch: list[Received[inventory.HoldStock]]) -> list[Settled]:
        await stock.answers.wait()
        stock.seen.extend(each.message for each in batch)
        return [done(stock.hold(each.message)) for each in batch]

    @executes(inventory.CommitStock)
    async def commit(tx: Tx, batch: list[Received[inventory.CommitStock]]) -> list[Settled]:
        await stock.answers.wait()
        stock.seen.extend(each.message for each in batch)
        return [stock.refusals.pop(0) if stock.refusals else done() for _ in batch]

    @executes(inventory.ReleaseStock)
    async def release(tx: Tx, batch: list[Received[inventory.ReleaseStock]]) -> list[Settled]:
        stock.seen.extend(each.message for each in batch)
        return [done() for _ in batch]

    return [hold, commit, release]


async def stock_of(stack: AsyncExitStack, settings: Settings) -> None:
    """Starts the real inventory service, for as long as the stack is open."""
    process = await stack.enter_async_context(server.process("inventory", settings))
    process.consume(inventory_handlers(timedelta(minutes=10)))
    registers = [
        partial(products_pb2_grpc.add_ProductServiceServicer_to_server, ProductService(process.database)),
        partial(price_lists_pb2_grpc.add_PriceListServiceServicer_to_server, PriceListService(process.database)),
        partial(locations_pb2_grpc.add_LocationServiceServicer_to_server, LocationService(process.database)),
        partial(stock_pb2_grpc.add_StockServiceServicer_to_server, StockService(process.database)),
    ]
    await served(stack, process, registers, inventory_texts.TEXTS, "en")


async def served(stack: AsyncExitStack, process: server.Process, registers: Any, texts: Any, language: str) -> None:
    """Serves until the stack is closed."""
    serving = asyncio.ensure_future(process.serve(registers, texts, language))

    async def end() -> None:
        serving.cancel()
        await asyncio.wait([serving])

    stack.push_async_callback(end)


@pytest.fixture
async def hub(
    request: pytest.FixtureRequest,
    new_database: Callable[[ModuleType], str],
    nats: Client,
    nats_url: str,
    stream_prefix: str,
    unused_tcp_port_factory: Callable[[], int],
) -> AsyncIterator[Hub]:
    """The service, ready to be called."""
    address, other = (f"127.0.0.1:{unused_tcp_port_factory()}" for _ in range(2))
    url, stock, real = new_database(orders), Stock(), getattr(request, "param", "") == "inventory"
    stock.answers.set()
    settings = Settings(
        database_url=url, nats_url=nats_url, listen=address, stream_prefix=stream_prefix, poll_seconds=0.1,
        identity_public_key=identity.public_key_of(KEY), log_level="error",
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        process = await stack.enter_async_context(server.process("orders", settings))
        database, signals = process.database, process.signals
        process.consume(handlers.handlers(signals))
        sweeps.add(process, timedelta(hours=24))
        if real:
            own = {"database_url": new_database(inventory_service), "listen": other}
            await stock_of(stack, Settings(**{**settings.model_dump(), **own}))
        for handler in [] if real else executors(stock):
            stream, subjects = streams.filters(stream_prefix, "inventory", handler.type)
            pull = Pull(process.nats, stream, f"inventory-{handler.name}", subjects, 100)
            process.loops.append(Consumer(handler, pull, database, "inventory").run())
        upstream = await stack.enter_async_context(client.channel(address))
        beside = await stack.enter_async_context(client.channel(other))
        sessions = SessionService(database, signals, Catalogue(beside, database))
        registers = [
            partial(channels_pb2_grpc.add_ChannelServiceServicer_to_server, ChannelService(database)),
            partial(sessions_pb2_grpc.add_SessionServiceServicer_to_server, sessions),
            partial(orders_pb2_grpc.add_OrderServiceServicer_to_server, OrderService(database)),
            partial(fulfillments_pb2_grpc.add_FulfillmentServiceServicer_to_server, FulfillmentService(database)),
            partial(
                webhooks_pb2_grpc.add_WebhookServiceServicer_to_server, WebhookService(database, allow_private=False)
            ),
            partial(returns_pb2_grpc.add_ReturnServiceServicer_to_server, ReturnService(database)),
            partial(notes_pb2_grpc.add_NoteServiceServicer_to_server, NoteService(database)),
            partial(marketplaces_pb2_grpc.add_MarketplaceServiceServicer_to_server, MarketplaceService(database)),
            partial(analytics_pb2_grpc.add_AnalyticsServiceServicer_to_server, AnalyticsService(database)),
            partial(feed_pb2_grpc.add_OrderFeedServiceServicer_to_server, OrderFeedService.of(process)),
            partial(directives_pb2_grpc.add_DirectiveServiceServicer_to_server, DirectiveService(database)),
            partial(refs_pb2_grpc.add_RefServiceServicer_to_server, RefService(database)),
        ]
        await served(stack, process, registers, TEXTS, "pt")
        business = uuid4()
        yield Hub(
            url, stream_prefix, address, business, token_of(business), stock, process,
            channels_pb2_grpc.ChannelServiceStub(upstream), sessions_pb2_grpc.SessionServiceStub(upstream),
            orders_pb2_grpc.OrderServiceStub(upstream), directives_pb2_grpc.DirectiveServiceStub(upstream),
            products_pb2_grpc.ProductServiceStub(beside), locations_pb2_grpc.LocationServiceStub(beside),
            stock_pb2_grpc.StockServiceStub(beside), price_lists_pb2_grpc.PriceListServiceStub(beside), upstream,
            refs_pb2_grpc.RefServiceStub(upstream),
        )  # fmt: skip


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    """A real HTTP server for webhooks."""
    async with listening() as found:
        yield found


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    """A real SMTP server."""
    async with receiving_mail() as found:
        yield found


@pytest.fixture
async def paid(hub: Any) -> AsyncIterator[list[Any]]:
    """Executes captures and refunds as sales would; what was executed is in the list, without repetitions."""
    seen: list[Any] = []

    def answer(message: Any) -> Settled:
        if not message.intent_id:
            return failed("no_intent_id", "nobody has named a payment intent")
        seen.append(message)
        transaction = f"tx_{len(seen)}"
        return done(sales.PaymentResult(intent_id="pi_1", transaction_id=transaction, amount_q=message.amount_q))

    @executes(sales.CapturePayment)
    async def capture(_: Tx, batch: list[Received[sales.CapturePayment]]) -> list[Settled]:
        return [answer(each.message) for each in batch]

    @executes(sales.RefundPayment)
    async def refund(_: Tx, batch: list[Received[sales.RefundPayment]]) -> list[Settled]:
        return [answer(each.message) for each in batch]

    running = []
    for handler in (capture, refund):
        stream, subjects = streams.filters(hub.prefix, "sales", handler.type)
        pull = Pull(hub.process.nats, stream, f"sales-{handler.name}", subjects, 100)
        running.append(asyncio.ensure_future(Consumer(handler, pull, hub.process.database, "sales").run()))
    yield seen
    await tasks.cancel(running)
