"""A counter: sales and the real inventory, as processes that a test may kill, and shops that sell there."""

import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

import inventory
import sales
from comanda.inventory.v1 import (
    locations_pb2_grpc,
    products_pb2,
    products_pb2_grpc,
    reservations_pb2,
    reservations_pb2_grpc,
    stock_pb2,
    stock_pb2_grpc,
)
from comanda.sales.v1 import (
    audit_pb2_grpc,
    businesses_pb2,
    businesses_pb2_grpc,
    customers_pb2,
    customers_pb2_grpc,
    sales_pb2,
    sales_pb2_grpc,
)
from comanda.types.v1 import options_pb2
from embedded.ports import free_port
from kit import client, identity
from kit.errors import DomainError
from kit.identity import NO_BUSINESS, Identity
from kit.testing import administer, at, eventually

START_SECONDS = 100.0
DEADLINE = 60.0
"""Longer than any call takes where everything else runs, too."""


@dataclass
class Counter:
    """The processes and where they are."""

    environment: dict[str, str]
    databases: dict[str, str]
    addresses: dict[str, str]
    private_key: str
    log: Path
    processes: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Starts a service and waits until it is healthy."""
        environment = {
            **os.environ, **self.environment, "COMANDA_DATABASE_URL": self.databases[name], "COMANDA_LISTEN": self.addresses[name],
        }  # fmt: skip
        with (self.log / name).open("ab") as log:
            self.processes[name] = subprocess.Popen([sys.executable, "-m", name, "serve"], env=environment, stderr=log)
        end = time.monotonic() + START_SECONDS
        with grpc.insecure_channel(self.addresses[name]) as channel:
            while not healthy(channel):
                assert time.monotonic() < end, (self.log / name).read_text()
                time.sleep(0.05)

    def kill(self, name: str) -> None:
        """Kills a service as a power cut would."""
        self.processes[name].kill()
        self.processes.pop(name).wait()

    def token(self, business: UUID, role: int, subject: str = "key:test") -> str:
        """A token of a caller of a business."""
        return identity.sign(Identity(business, role, subject), identity.private_key(self.private_key))[0]


def healthy(channel: grpc.Channel) -> bool:
    """Whether a service serves."""
    try:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=1)
    except grpc.RpcError:
        return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


@contextmanager
def running(
    postgres_url: str, nats_url: str, migrated: Callable[[ModuleType], str], log: Path, private_key: str, **more: str
) -> Iterator[Counter]:
    """Starts both services on fresh databases, with more in their environment, and ends them."""
    suffix = uuid4().hex[:8]
    databases, addresses, made = {}, {}, []
    for package in (inventory, sales):
        name = f"counter_{package.__name__}_{suffix}"
        made.append(name)
        administer(postgres_url, f'create database "{name}" template "{migrated(package)}" strategy file_copy')
        databases[package.__name__] = at(postgres_url, name)
        addresses[package.__name__] = f"127.0.0.1:{free_port()}"
    environment = {
        "COMANDA_NATS_URL": nats_url,
        "COMANDA_STREAM_PREFIX": f"counter-{suffix}",
        "COMANDA_SALES_ADDRESS": addresses["sales"],
        "COMANDA_INVENTORY_ADDRESS": addresses["inventory"],
        "COMANDA_IDENTITY_PUBLIC_KEY": identity.public_key_of(private_key),
        "COMANDA_IDENTITY_PRIVATE_KEY": private_key,
        "COMANDA_POLL_SECONDS": "0.2",
        "COMANDA_JOBS_SECONDS": "0.5",
        "COMANDA_LOG_LEVEL": "warning",
        **more,
    }
    found = Counter(environment, databases, addresses, private_key, log)
    try:
        for name in databases:
            found.start(name)
        yield found
    finally:
        for name in list(found.processes):
            found.kill(name)
        for name in made:
            administer(postgres_url, f'drop database "{name}" with (force)')


@dataclass
class Shop:
    """A business that sells, and its owner's calls."""

    counter: Counter
    id: UUID
    sales: sales_pb2_grpc.SaleServiceStub
    customers: customers_pb2_grpc.CustomerServiceStub
    audit: audit_pb2_grpc.AuditServiceStub
    businesses: businesses_pb2_grpc.BusinessServiceStub
    storefronts: businesses_pb2_grpc.StorefrontServiceStub
    products: products_pb2_grpc.ProductServiceStub
    locations: locations_pb2_grpc.LocationServiceStub
    shelves: stock_pb2_grpc.StockServiceStub
    reservations: reservations_pb2_grpc.ReservationServiceStub

    async def call(self, method: Any, request: Any, role: int = options_pb2.ROLE_OWNER) -> Any:
        """Calls a method as somebody of the business."""
        return await client.call(method, request, self.counter.token(self.id, role), deadline=DEADLINE)

    async def stock(self, sku: str, qty: str, **prices: int) -> None:
        """Makes a product and puts units of it on the storefront's shelf."""
        product = products_pb2.CreateProductRequest(sku=sku, name=sku.title(), prices=products_pb2.Prices(**prices))
        await self.call(self.products.CreateProduct, product)
        line = stock_pb2.ReceiveLine(sku=sku, qty=qty)
        await self.call(self.shelves.ReceiveStock, stock_pb2.ReceiveStockRequest(location="centro", lines=[line]))

    async def level(self, sku: str) -> tuple[str, str]:
        """What is on hand and what is reserved of a SKU."""
        request = stock_pb2.GetAvailabilityRequest(sku=[sku], location="centro")
        [found] = (await self.call(self.shelves.GetAvailability, request)).items
        return found.on_hand, found.reserved

    async def stock_more(self) -> None:
        """Puts fifty more coffees on the shelf."""
        line = stock_pb2.ReceiveLine(sku="CAFE", qty="50")
        await self.call(self.shelves.ReceiveStock, stock_pb2.ReceiveStockRequest(location="centro", lines=[line]))

    async def empty_shelf(self, sale: Any) -> None:
        """Lets a draft's hold go and somebody else have the fifty coffees."""
        cart = reservations_pb2.OWNER_TYPE_CART
        release = reservations_pb2.ReleaseReservationsRequest(owner_type=cart, owner_ref=sale.id)
        await self.call(self.reservations.ReleaseReservations, release)
        line = reservations_pb2.ReservationLine(sku="CAFE", qty="50", location="centro")
        reserve = reservations_pb2.CreateReservationRequest(owner_type=cart, owner_ref="somebody", lines=[line])
        await self.call(self.reservations.CreateReservation, reserve)

    async def open_storefront(self, code: str, **fields: Any) -> None:
        """Makes a storefront."""
        request = businesses_pb2.CreateStorefrontRequest(code=code, name=code.title(), **fields)
        await self.call(self.storefronts.CreateStorefront, request)

    async def customer(self, **fields: Any) -> Any:
        """Makes a customer."""
        request = customers_pb2.CreateCustomerRequest(**({"name": "Ana", "credit_limit_q": 100_000} | fields))
        return (await self.call(self.customers.CreateCustomer, request)).customer

    async def account(self, customer: Any) -> tuple[int, int]:
        """What a customer owes, and what he may still buy."""
        request = customers_pb2.GetCreditStatusRequest(id=customer.id)
        found = await self.call(self.customers.GetCreditStatus, request)
        return found.outstanding_balance_q, found.available_credit_q

    async def draft(self, storefront: str = "centro", role: int = options_pb2.ROLE_OWNER, **fields: Any) -> Any:
        """Opens a draft."""
        request = sales_pb2.CreateSaleRequest(storefront=storefront, **fields)
        return (await self.call(self.sales.CreateSale, request, role)).sale

    async def add(
        self, sale: Any, sku: str = "CAFE", quantity: str = "2", role: int = options_pb2.ROLE_OWNER, **fields: Any
    ) -> Any:
        """Adds an item."""
        request = sales_pb2.AddSaleItemRequest(id=sale.id, sku=sku, quantity=quantity, **fields)
        return (await self.call(self.sales.AddSaleItem, request, role)).item

    async def complete(
        self, sale: Any, *payments: tuple[Any, ...], role: int = options_pb2.ROLE_OWNER, **fields: Any
    ) -> Any:
        """Completes a draft, with payments by method, amount, and sometimes an intent's id."""
        made = [
            sales_pb2.NewPayment(
                method=f"PAYMENT_METHOD_{method.upper()}", amount_q=amount_q, payment_intent_id="".join(intent)
            )
            for method, amount_q, *intent in payments
        ]
        request = sales_pb2.CompleteSaleRequest(id=sale.id, payments=made, **fields)
        return (await self.call(self.sales.CompleteSale, request, role)).sale

    async def on_credit(self, sale: Any, **fields: Any) -> Any:
        """Completes a draft on the customer's account."""
        return await self.complete(sale, payment_type="PAYMENT_TYPE_CREDIT", **fields)

    async def sale(self, sale: Any, role: int = options_pb2.ROLE_OWNER) -> Any:
        """Reads a sale."""
        return (await self.call(self.sales.GetSale, sales_pb2.GetSaleRequest(id=sale.id), role)).sale

    async def holds(self, sale: Any) -> list[tuple[str, str, str]]:
        """SKU, quantity, and status of what a sale's cart has or had."""
        request = reservations_pb2.ListReservationsRequest(
            owner_type=reservations_pb2.OWNER_TYPE_CART, owner_ref=sale.id
        )
        found = (await self.call(self.reservations.ListReservations, request)).items
        status = reservations_pb2.ReservationStatus.Name
        return sorted((each.sku, each.qty, status(each.status).rpartition("_")[2].lower()) for each in found)

    async def rows(self, statement: str, *arguments: Any) -> "list[asyncpg.Record]":
        """Reads the database of sales directly."""
        connection = await asyncpg.connect(self.counter.databases["sales"])
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()


async def tables_with(rows: Any, *texts: str) -> set[str]:
    """Returns the tables in which any of the texts stands, in a column of any type, once the outbox is empty."""

    async def sent() -> bool:
        return not await rows("select from outbox")

    await eventually(sent, 60)
    tables = [table for (table,) in await rows("select tablename from pg_tables where schemaname = 'public'")]
    # Bytes show as hexadecimal digits.
    patterns = [f"%{each}%" for text in texts for each in (text, text.encode().hex())]
    searches = (f"(select '{table}' from {table} t where t::text like any($1) limit 1)" for table in tables)
    return {table for (table,) in await rows(" union all ".join(searches), patterns)}


async def code(calling: Awaitable[Any]) -> str:
    """The code of what a call is refused with; empty where it is not."""
    try:
        await calling
    except DomainError as error:
        return error.code
    return ""


async def opened(stack: AsyncExitStack, counter: Counter) -> Shop:
    """Opens a business with the storefront `centro`."""
    here: Any = await stack.enter_async_context(client.channel(counter.addresses["sales"]))
    there: Any = await stack.enter_async_context(client.channel(counter.addresses["inventory"]))
    businesses = businesses_pb2_grpc.BusinessServiceStub(here)
    request = businesses_pb2.CreateBusinessRequest(code=f"b-{uuid4().hex[:8]}", name="Shop")
    operator = counter.token(NO_BUSINESS, options_pb2.ROLE_SERVICE)
    made: Any = await client.call(businesses.CreateBusiness, request, operator)
    shop = Shop(
        counter, UUID(made.business.id), sales_pb2_grpc.SaleServiceStub(here),
        customers_pb2_grpc.CustomerServiceStub(here), audit_pb2_grpc.AuditServiceStub(here), businesses,
        businesses_pb2_grpc.StorefrontServiceStub(here), products_pb2_grpc.ProductServiceStub(there),
        locations_pb2_grpc.LocationServiceStub(there), stock_pb2_grpc.StockServiceStub(there),
        reservations_pb2_grpc.ReservationServiceStub(there),
    )  # fmt: skip
    await shop.open_storefront("centro")
    return shop
