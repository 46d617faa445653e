"""A process is killed at each step of an order's way: the order exists once, its units leave once, and nothing stays held."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from comanda_cli.api import Api
from comanda_cli.testing import Fleet
from kit.testing import eventually

from ..flow import failures, pid_of

pytestmark = pytest.mark.xdist_group("chaos")

CHANNEL = {
    "code": "steps",
    "pricing_policy": "external",
    "config": {"required_checks_on_commit": ["stock"], "post_commit_directives": ["stock.commit"]},
}
WAITS = """select exists (
    select from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid)) and query ilike $1)"""


@dataclass
class Gate:
    """A table that nobody writes to while the gate is closed: whoever comes to it waits there."""

    connection: "asyncpg.Connection[asyncpg.Record]"

    async def reached_by(self, statement: str) -> None:
        """Returns when somebody waits with a statement that contains the words."""

        async def waits() -> bool:
            # A transaction would else see who waited when it first looked.
            await self.connection.execute("select pg_stat_clear_snapshot()")
            return bool(await self.connection.fetchval(WAITS, f"%{statement}%"))

        await eventually(waits)


@asynccontextmanager
async def closed(url: str, table: str) -> AsyncIterator[Gate]:
    """Closes the gate before a table, and opens it at the end."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"begin; lock table {table} in share mode")
        yield Gate(connection)
    finally:
        await connection.close()


@dataclass
class Way:
    """An order on its way; every call is made again with its key until it is answered."""

    fleet: Fleet
    api: Api
    sku: str
    key: str

    @property
    def orders(self) -> str:
        """The database of the orders."""
        return self.fleet.addresses.databases["orders"]

    @property
    def inventory(self) -> str:
        """The database of the stock."""
        return self.fleet.addresses.databases["inventory"]

    async def open(self) -> None:
        """Opens the session."""
        ops = [{"op": "add_line", "sku": self.sku, "qty": "3", "unit_price_q": 150}]
        await self.api.post(
            "/api/v1/sessions", {"channel_code": "steps", "session_key": self.key, "ops": ops}, self.key
        )

    async def commit(self) -> dict[str, Any]:
        """Commits it; its check is there by then."""
        body = {"channel_code": "steps"}
        return await self.api.post(f"/api/v1/sessions/{self.key}/commit", body, f"commit-{self.key}")

    async def checked(self) -> None:
        """Returns when the session's stock is held."""

        async def there() -> bool:
            session = await self.api.get(f"/api/v1/sessions/{self.key}")
            return "stock" in session["data"]["checks"]

        await eventually(there)

    async def level(self) -> tuple[str, str]:
        """The units on hand, and those that are held."""
        [found] = (await self.api.get(f"/api/v1/stock?sku={self.sku}"))["items"]
        return found["on_hand"], found["reserved"]

    def kill(self, name: str) -> None:
        """Kills a process; the supervisor starts another."""
        os.kill(pid_of(self.fleet, name), signal.SIGKILL)


async def opening(way: Way) -> None:
    """The hub dies while it opens the session."""
    async with closed(way.orders, "sessions") as gate:
        call = asyncio.ensure_future(way.open())
        await gate.reached_by("insert into sessions")
        way.kill("orders")
    await call
    await way.checked()
    await way.commit()


async def holding(way: Way) -> None:
    """The inventory dies while it holds the stock."""
    async with closed(way.inventory, "reservations") as gate:
        await way.open()
        await gate.reached_by("reservations")
        way.kill("inventory")
    await way.checked()
    await way.commit()


async def checking(way: Way) -> None:
    """The hub dies while it writes that the stock is held."""
    async with AsyncExitStack() as stack:
        async with closed(way.inventory, "reservations") as before:
            await way.open()
            await before.reached_by("reservations")
            gate = await stack.enter_async_context(closed(way.orders, "sessions"))
        await gate.reached_by("answer")
        way.kill("orders")
    await way.checked()
    await way.commit()


async def committing(way: Way) -> None:
    """The hub dies while it makes the order."""
    await way.open()
    await way.checked()
    async with closed(way.orders, "orders") as gate:
        call = asyncio.ensure_future(way.commit())
        await gate.reached_by("insert into orders")
        way.kill("orders")
    assert (await call)["status"] == "committed"


async def telling(way: Way) -> None:
    """The hub dies after it has made the order, before anybody else has heard of it."""
    await way.open()
    await way.checked()
    broker = pid_of(way.fleet, "nats")
    os.kill(broker, signal.SIGSTOP)
    try:
        await way.commit()
        way.kill("orders")
    finally:
        os.kill(broker, signal.SIGCONT)


async def leaving(way: Way) -> None:
    """The inventory dies while the units leave."""
    await way.open()
    await way.checked()
    async with closed(way.inventory, "reservations") as gate:
        await way.commit()
        await gate.reached_by("reservations")
        way.kill("inventory")


async def settling(way: Way) -> None:
    """The hub dies while it writes that the units have left."""
    await way.open()
    await way.checked()
    async with AsyncExitStack() as stack:
        async with closed(way.inventory, "reservations") as before:
            await way.commit()
            await before.reached_by("reservations")
            gate = await stack.enter_async_context(closed(way.orders, "directives"))
        await gate.reached_by("outcome")
        way.kill("orders")


@pytest.fixture
async def api(own_fleet: Fleet) -> AsyncIterator[Api]:
    """A client with a channel and a location."""
    async with Api.of(own_fleet.home, 2) as client:
        await client.post("/api/v1/channels", CHANNEL, "steps-channel")
        await client.post("/api/v1/locations", {"code": "steps", "type": "warehouse"}, "steps-location")
        yield client


@pytest.mark.parametrize("step", [opening, holding, checking, committing, telling, leaving, settling])
async def test_an_order_survives_a_death_while(
    own_fleet: Fleet, api: Api, step: Callable[[Way], Awaitable[None]]
) -> None:
    way = Way(own_fleet, api, f"STEP-{step.__name__}", uuid4().hex)
    await api.post("/api/v1/products", {"sku": way.sku, "name": way.sku}, way.sku)
    await api.post(
        "/api/v1/stock/receive", {"location": "steps", "lines": [{"sku": way.sku, "qty": "3"}]}, f"in-{way.sku}"
    )
    await step(way)

    async def over() -> bool:
        return await way.level() == ("0.000", "0.000")

    await eventually(over)
    made = await api.get(f"/api/v1/orders?search={way.sku}")
    assert [order["session_key"] for order in made["items"]] == [way.key]


async def test_the_books_add_up_after_all_of_that(own_fleet: Fleet) -> None:
    assert await failures(own_fleet) == []
