"""`comanda verify`: every kind of fault is planted in a copy of a fleet's databases, found, and named."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from nats.aio.client import Client
from nats.js.api import ConsumerConfig

import erp_bridge
import inventory
import orders
import sales
from comanda.types.v1 import options_pb2
from comanda_cli.api import Api
from comanda_cli.testing import Fleet
from comanda_cli.verify import broker
from comanda_cli.verify.orders import TOPICS
from comanda_cli.verify.run import CHECKS, Result, verify
from gateway.routes import modules
from kit.testing import administer, at, eventually

from .faults import FAULTS
from .olist_data import order, write

pytestmark = pytest.mark.xdist_group("fleet")

PACKAGES: dict[str, ModuleType] = {"orders": orders, "inventory": inventory, "sales": sales, "erp-bridge": erp_bridge}
TABLES = "select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version' order by 1"
NO_ROWS = 21
"""Bytes of a table's binary copy that are there without any row."""
Contents = dict[str, dict[str, bytes]]
Sound = Callable[[str], dict[str, str]]


@pytest.fixture(scope="module")
def contents(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Contents:
    """All rows of a fleet that has three orders: one with a line, one with two, and one that was cancelled."""
    business = fleet.of_a_new_business()
    lines = [
        order("ver-1", ("ver-P1", "1.50"), ("ver-P1", "1.50"), status="delivered"),
        order("ver-2", ("ver-P2", "2.50"), ("ver-P3", "0.99"), status="shipped"),
        order("ver-3", ("ver-P3", "0.99"), status="canceled"),
    ]
    path = write(tmp_path_factory.mktemp("verify") / "file", lines)
    done = business.run("import", "olist", str(path))
    assert done.returncode == 0, done.stderr
    asyncio.run(_trade(business))
    assert business.run("verify").returncode == 0

    async def read() -> Contents | None:
        found = {name: await _rows(fleet.addresses.databases[name]) for name in PACKAGES}
        # What is on its way at the moment of the copy would lie in the copy for ever.
        return None if any(len(tables["outbox"]) > NO_ROWS for tables in found.values()) else found

    async def settled() -> Any:
        return await eventually(read)

    return asyncio.run(settled())


async def _trade(business: Fleet) -> None:
    """Sells on credit, for cash, and through an intent, and takes a part of the last back.

    Places an order that nothing was held for, and one for which nothing is taken.
    """
    async with Api.of(business.home, 1, business.api_key) as api:

        async def post(path: str, key: str, **body: Any) -> Any:
            return await api.post(f"/api/v1/{path}", body, f"ver-{key}")

        await post("storefronts", "storefront", code="ver", name="Ver")
        await post("products", "product", sku="ver-S", name="Sold", prices={"retail_price_q": 1250, "cost_q": 500})
        await post("stock/receive", "stock", location="ver", lines=[{"sku": "ver-S", "qty": "9"}])
        line = {"op": "add_line", "sku": "ver-S", "qty": "1", "unit_price_q": 1}
        held = {"required_checks_on_commit": ["stock"], "checks": {"stock": {"hold_ttl_minutes": 7 * 24 * 60}}}
        for name, config in {"free": {"post_commit_directives": ["stock.commit"]}, "held": held}.items():
            await post("channels", name, code=name, pricing_policy="external", config=config)
            session = await post("sessions", f"session-{name}", channel_code=name, ops=[line])
            place = {"channel_code": name, "wait_for_checks_ms": 20_000}
            await post(f"sessions/{session['session_key']}/commit", f"commit-{name}", **place)
        customer = await post("customers", "customer", name="Ver", credit_limit_q=100_000)
        await post(f"customers/{customer['id']}/credit-adjustments", "adjust", amount_q=100, reason="opening")
        card = await post("payment-intents", "card", amount_q=1500)
        await post(f"payment-intents/{card['id']}/capture", "card-capture")
        both = [
            {"method": "card", "amount_q": 1500, "payment_intent_id": card["id"]},
            {"method": "cash", "amount_q": 1000},
        ]
        ways = ({"payment_type": "credit"}, {"payments": [{"method": "cash", "amount_q": 2500}]}, {"payments": both})
        for n, how in enumerate(ways):
            sale = await post("sales", f"sale-{n}", storefront="ver", customer_id=customer["id"])
            item = await post(f"sales/{sale['id']}/items", f"item-{n}", sku="ver-S", quantity="2")
            await post(f"sales/{sale['id']}/complete", f"complete-{n}", **how)
        await post(f"customers/{customer['id']}/payments", "pay", amount_q=400)
        items = [{"item_id": item["id"], "quantity": "1"}]
        refund = await post(f"sales/{sale['id']}/refunds", "refund", items=items, reason="broken")
        for step in ("approve", "process"):
            await post(f"refunds/{refund['id']}/{step}", step)
        intent = await post("payment-intents", "intent", amount_q=5000)
        await post(f"payment-intents/{intent['id']}/capture", "capture")
        await post(f"payment-intents/{intent['id']}/refund", "give-back", amount_q=2000, reason="broken")


async def _rows(url: str) -> dict[str, bytes]:
    connection = await asyncpg.connect(url)
    found = {}
    for (table,) in await connection.fetch(TABLES):
        copy = io.BytesIO()
        await connection.copy_from_query(f'select * from "{table}"', output=copy, format="binary")
        found[table] = copy.getvalue()
    await connection.close()
    return found


@pytest.fixture(scope="module")
def sound(contents: Contents, postgres_url: str, migrated: Callable[[ModuleType], str]) -> Iterator[Sound]:
    """Makes databases with the same rows: a new one of the service that is named, the others shared."""
    made: dict[str, str] = {}
    tests: list[str] = []

    def copy(service: str) -> str:
        name = f"verify_{uuid4().hex}"
        administer(
            postgres_url, f'create database "{name}" template "{migrated(PACKAGES[service])}" strategy file_copy'
        )
        tests.append(name)
        asyncio.run(_fill(at(postgres_url, name), contents[service]))
        return at(postgres_url, name)

    def make(changed: str) -> dict[str, str]:
        if not made:
            made.update({service: copy(service) for service in PACKAGES})
        return {**made, changed: copy(changed)}

    yield make
    for name in tests:
        administer(postgres_url, f'drop database "{name}" with (force)')


async def _fill(url: str, contents: dict[str, bytes]) -> None:
    async with connected(url) as connection:
        await connection.execute("set session_replication_role = replica")
        for table, rows in contents.items():
            await connection.copy_to_table(table, source=io.BytesIO(rows), format="binary")


async def execute(url: str, statements: str) -> None:
    async with connected(url) as connection:
        await connection.execute(statements)


@asynccontextmanager
async def connected(url: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


def failed(results: list[Result]) -> dict[str, Result]:
    return {result.check.name: result for result in results if not result.passed}


def test_a_sound_system_passes_every_check(sound: Sound) -> None:
    results = asyncio.run(verify(sound("orders")))
    assert failed(results) == {}
    assert len(results) == len(CHECKS)
    counts = {result.check.name: result.checked for result in results}
    assert counts["orders: every order costs what its lines and charges add up to"] >= 3


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(sound: Sound, fault: str) -> None:
    database, statements, words = FAULTS[fault]
    urls = sound(database)
    asyncio.run(execute(urls[database], statements))
    found = failed(asyncio.run(verify(urls, settle=0.2)))
    assert [name for name in found if words in name], found


def test_work_that_failed_for_a_reason_of_business_is_no_fault(sound: Sound) -> None:
    urls = sound("orders")
    for code in ("stale_rev", "session_not_found"):
        change = f"update directives set status = 'failed', error_code = '{code}' where topic = 'stock.hold'"
        asyncio.run(execute(urls["orders"], change))
        assert failed(asyncio.run(verify(urls, settle=0.2))) == {}


def test_verify_knows_every_topic_that_a_service_of_the_hub_executes() -> None:
    messages = [each for name in modules() for each in import_module(name).DESCRIPTOR.message_types_by_name.values()]
    topics = [each.GetOptions().Extensions[options_pb2.directive].topic for each in messages]
    assert set(TOPICS) == {topic for topic in topics if topic} - {"notification.send", "delivery.dispatch"}


def test_the_first_wrong_row_is_named_with_what_it_should_be(sound: Sound) -> None:
    urls = sound("inventory")
    change = "update stock set on_hand = on_hand + 1 where sku >= 'ver-P2' and sku like 'ver-P%'"
    asyncio.run(execute(urls["inventory"], change))
    [result] = failed(asyncio.run(verify(urls, settle=0))).values()
    first = dict(result.wrong[0])
    assert (first["sku"], first["location"], first["on_hand"], first["movements"]) == ("ver-P2", "olist", 1, 0)
    assert len(result.wrong) == 2


def test_what_is_wrong_only_for_a_moment_is_no_fault(sound: Sound) -> None:
    urls = sound("sales")

    async def prove() -> list[Result]:
        async with connected(urls["sales"]) as connection:
            await connection.execute(FAULTS["a message that was not published"][1])
            proving = asyncio.create_task(verify(urls, settle=30))
            while not proving.done():
                # Something is always on its way, and nothing is stuck.
                await connection.execute("update outbox set id = gen_random_uuid()")
            return await proving

    assert failed(asyncio.run(prove())) == {}


async def test_messages_that_nobody_reads_are_found(nats: Client, nats_url: str, stream_prefix: str) -> None:
    stream = nats.jetstream()
    config = ConsumerConfig(filter_subject=f"{stream_prefix}.events.x.>", durable_name="X")
    await stream.add_consumer(f"{stream_prefix}-events", config)
    checks = (broker.check(nats_url, stream_prefix),)
    assert failed(await verify({}, 0, checks)) == {}
    await stream.publish(f"{stream_prefix}.events.x.1", b"")
    [result] = failed(await verify({}, 0.2, checks)).values()
    assert dict(result.wrong[0]) == {"stream": f"{stream_prefix}-events", "consumer": "X", "has_read_up_to": 0}


def test_the_command_names_the_row_and_exits_1(fleet: Fleet, business: Fleet, tmp_path: Path) -> None:
    path = write(tmp_path / "file", [order("cmd-1", ("cmd-P", "1.00"))])
    assert business.run("import", "olist", str(path)).returncode == 0
    change = "update stock set on_hand = on_hand {} 1 where sku = 'cmd-P'"

    url = fleet.addresses.databases["inventory"]
    asyncio.run(execute(url, change.format("+")))
    words, plain = fleet.run("verify"), fleet.run("verify", "--json")
    asyncio.run(execute(url, change.format("-")))
    assert (words.returncode, plain.returncode) == (1, 1)
    assert "FAILED  inventory: stock on hand is the sum of its movements" in words.stdout
    assert "sku=cmd-P location=olist on_hand=1.000 movements=0.000" in words.stdout
    report = json.loads(plain.stdout)
    [wrong] = [check for check in report["checks"] if not check["passed"]]
    assert (report["passed"], wrong["first_wrong"]["sku"]) == (False, "cmd-P")
    assert fleet.run("verify").returncode == 0
