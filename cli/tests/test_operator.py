"""What an operator does on a running fleet: businesses, keys, work that failed, messages that were given up."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from comanda.inventory.directives.v1.directives_pb2 import ReleaseStock
from comanda.types.v1.messaging_pb2 import Envelope
from comanda_cli.api import Api, Refusal, Unreachable
from comanda_cli.testing import Fleet
from kit.testing import eventually

from .olist_data import order, write

pytestmark = pytest.mark.xdist_group("fleet")


async def on(
    fleet: Fleet, database: str, work: "Callable[[asyncpg.Connection[asyncpg.Record]], Awaitable[Any]]"
) -> Any:
    connection = await asyncpg.connect(fleet.addresses.databases[database])
    try:
        return await work(connection)
    finally:
        await connection.close()


async def get(fleet: Fleet, path: str) -> dict[str, Any]:
    async with Api.of(fleet.home, 1, fleet.api_key) as api:
        return await api.get(path)


def test_a_business_sees_only_itself(fleet: Fleet, tmp_path: Path) -> None:
    first, second = fleet.of_a_new_business(), fleet.of_a_new_business()
    done = first.run("import", "olist", str(write(tmp_path / "file", [order("biz-1", ("biz-P", "1.00"))])))
    assert done.returncode == 0, done.stderr
    assert len(asyncio.run(get(first, "/api/v1/orders"))["items"]) == 1
    assert asyncio.run(get(second, "/api/v1/orders"))["items"] == []
    with pytest.raises(Refusal) as refusal:
        asyncio.run(get(second, "/api/v1/products/biz-P"))
    assert refusal.value.status == 404


def test_a_code_that_is_taken_and_a_business_that_is_not_there_are_refused_in_one_line(fleet: Fleet) -> None:
    code = f"b{uuid4().hex[:12]}"
    create = ("business", "create", "--code", code, "--name", "Padaria São José")
    assert json.loads(fleet.run(*create).stdout)["name"] == "Padaria São José"
    taken, absent = fleet.run(*create), fleet.run("keys", "create", "--business", "nobody", "--role", "staff")
    assert (taken.returncode, absent.returncode) == (1, 1)
    assert taken.stderr.startswith("comanda: ")
    assert "unknown_business" in absent.stderr


def test_a_key_may_do_what_its_role_may(fleet: Fleet) -> None:
    code = f"b{uuid4().hex[:12]}"
    fleet.run("business", "create", "--code", code, "--name", code)
    made = json.loads(fleet.run("keys", "create", "--business", code, "--role", "staff").stdout)
    staff = Fleet(fleet.home, {"COMANDA_API_KEY": made["api_key"]})
    assert asyncio.run(get(staff, "/api/v1/orders"))["items"] == []
    with pytest.raises(Unreachable, match="denies access"):
        asyncio.run(get(staff, "/api/v1/api-keys"))


def test_keys_are_listed_without_their_secrets_and_replaced_and_revoked(business: Fleet) -> None:
    [own] = [json.loads(line) for line in business.run("keys", "list").stdout.splitlines()]
    assert "secret" not in own
    rotated = json.loads(business.run("keys", "rotate", own["id"], "--overlap", "600").stdout)
    new = Fleet(business.home, {"COMANDA_API_KEY": rotated["api_key"]})
    assert business.run("keys", "revoke", own["id"]).returncode == 0
    assert len(new.run("keys", "list").stdout.splitlines()) == 2
    with pytest.raises(Unreachable, match="denies access"):
        asyncio.run(get(business, "/api/v1/orders"))


async def test_work_that_failed_is_listed_and_done_when_it_is_retried(business: Fleet, tmp_path: Path) -> None:
    path = write(tmp_path / "file", [order("ret-1", ("ret-P", "1.00"))])
    assert business.run("import", "olist", str(path)).returncode == 0
    fail = """update directives set status = 'failed', error_code = 'planted' where topic = 'stock.commit'
        and order_ref = (select ref from orders where external_ref = 'ret-1') returning id"""

    async def taken() -> Any:
        return await on(
            business, "orders", lambda c: c.fetchval("select status = 'done' from directives where id = $1", identifier)
        )

    identifier = await on(business, "orders", lambda c: c.fetchval(fail))
    listed = business.run("directives", "list", "--status", "failed", "--json")
    [found] = [row for row in map(json.loads, listed.stdout.splitlines()) if row["id"] == str(identifier)]
    assert (found["topic"], found["error_code"]) == ("stock.commit", "planted")
    done = business.run("directives", "retry", str(identifier))
    assert done.returncode == 0, done.stderr
    await eventually(taken)
    assert business.run("verify").returncode == 0


async def test_a_message_that_was_given_up_is_handed_to_its_service_again(fleet: Fleet) -> None:
    business, identifier = uuid4(), f"{uuid4()}.1"
    message = Envelope(
        id=identifier,
        type=ReleaseStock.DESCRIPTOR.full_name,
        business_id=str(business),
        aggregate="directive/x",
        payload=ReleaseStock(session_key="none", channel_code="none").SerializeToString(),
    )
    message.dispatch.directive_id = str(uuid4())
    subject = f"comanda.directives.{message.type}.{business}"
    plant = "insert into dead_letters values ($1, 'ReleaseStock', $2, $3, $4, 5, 'KeyError', now())"
    await on(fleet, "inventory", lambda c: c.execute(plant, business, identifier, subject, message.SerializeToString()))
    listed = fleet.run("dead-letters", "list", "--json")
    [found] = [row for row in map(json.loads, listed.stdout.splitlines()) if row["message_id"] == identifier]
    assert (found["service"], found["consumer"], found["last_error"]) == ("inventory", "ReleaseStock", "KeyError")
    assert "inventory" in fleet.run("dead-letters", "replay", identifier).stdout

    async def handled() -> Any:
        return await on(
            fleet, "inventory", lambda c: c.fetchval("select 1 from inbox where message_id = $1", identifier)
        )

    await eventually(handled)
    assert identifier not in fleet.run("dead-letters", "list").stdout
    again = fleet.run("dead-letters", "replay", identifier)
    assert again.returncode == 1
    assert "no service has given up" in again.stderr


async def test_reservations_that_ran_out_are_counted_then_ended(business: Fleet) -> None:
    async with Api.of(business.home, 1, business.api_key) as api:
        await api.post("/api/v1/products", {"sku": "late"}, uuid4().hex)
        await api.post("/api/v1/locations", {"code": "late"}, uuid4().hex)
        await api.post("/api/v1/stock/receive", {"location": "late", "lines": [{"sku": "late", "qty": 1}]}, uuid4().hex)
        wanted = {"owner_type": "cart", "owner_ref": "LATE", "lines": [{"sku": "late", "qty": 1}]}
        [made] = (await api.post("/api/v1/reservations", wanted, uuid4().hex))["reservations"]

    async def while_the_shelf_is_in_use(connection: "asyncpg.Connection[asyncpg.Record]") -> str:
        expire = "update reservations set expires_at = now() where id = $1"
        await on(business, "inventory", lambda other: other.execute(expire, UUID(made["id"])))
        async with connection.transaction():
            await connection.execute("select from stock where sku = 'late' and location = 'late' for update")
            return (await asyncio.to_thread(business.run, "reservations", "cleanup", "--dry-run")).stdout

    counted = await on(business, "inventory", while_the_shelf_is_in_use)
    assert re.fullmatch(r"[1-9]\d* expired reservations would be released \(dry-run\)\.\n", counted)
    done = await asyncio.to_thread(business.run, "reservations", "cleanup")
    assert re.fullmatch(r"Released \d+ expired reservations\.\n", done.stdout)
    assert (await get(business, f"/api/v1/reservations/{made['id']}"))["status"] == "expired"
    status = "select status from reservations where id = $1"
    assert await on(business, "inventory", lambda c: c.fetchval(status, UUID(made["id"]))) == "expired"
