"""`comanda import olist` on a whole fleet: complete, exact, and never twice."""

import asyncio
import gzip
import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from comanda_cli.testing import Fleet

from .olist_data import REAL, order, write

pytestmark = pytest.mark.xdist_group("fleet")

SHOWN = {"canceled": "cancelled", "unavailable": "cancelled", "shipped": "dispatched", "invoiced": "confirmed"}
SHOWN |= {"approved": "confirmed", "created": "new"}


def import_olist(fleet: Fleet, path: Path, *options: str) -> dict[str, Any]:
    done = fleet.run("import", "olist", str(path), *options)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def rows(fleet: Fleet, database: str, statement: str, *arguments: object) -> list[Any]:
    async def fetch() -> list[Any]:
        connection = await asyncpg.connect(fleet.addresses.databases[database])
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def made(fleet: Fleet, prefix: str) -> int:
    """How many orders of the file there are."""
    [row] = rows(fleet, "orders", "select count(*) as n from orders where starts_with(external_ref, $1)", prefix)
    return int(row["n"])


def received(fleet: Fleet, prefix: str) -> dict[str, Decimal]:
    """What was received of the products of the file."""
    found = rows(
        fleet,
        "inventory",
        "select sku, sum(qty_delta) as qty from movements where type = 'receipt' and starts_with(sku, $1) group by sku",
        prefix,
    )
    return {row["sku"]: row["qty"] for row in found}


def products(fleet: Fleet, prefix: str) -> int:
    [row] = rows(fleet, "inventory", "select count(*) as n from products where starts_with(sku, $1)", prefix)
    return int(row["n"])


def wanted(records: list[dict[str, Any]]) -> Counter[str]:
    return Counter(row["product_id"] for record in records for row in record["items"])


def verified(fleet: Fleet) -> None:
    done = fleet.run("verify")
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(not REAL.exists(), reason="the Olist data does not lie beside this checkout")
def test_real_orders_arrive_with_their_status_and_their_exact_revenue_and_only_once(business: Fleet) -> None:
    with gzip.open(REAL, "rt") as file:
        records = [json.loads(line) for line, _ in zip(file, range(300), strict=False)]
    accepted = [record for record in records if record["items"]]
    first = import_olist(business, REAL, "--limit", "200")
    then = import_olist(business, REAL, "--limit", "300")
    assert first["added"] + then["added"] == then["accepted"] == len(accepted)
    assert then["already_there"] == first["accepted"]
    assert then["revenue_q"] == sum(Decimal(row["price"]) * 100 for record in accepted for row in record["items"])
    assert then["by_status"] == Counter(SHOWN.get(record["status"], record["status"]) for record in accepted)
    assert then["refused"] == {"empty_session": len(records) - len(accepted)}
    assert first["units_received"] + then["units_received"] == wanted(records).total()
    again = import_olist(business, REAL, "--limit", "300")
    assert (again["added"], again["units_received"], again["products_added"]) == (0, 0, 0)
    assert (again["revenue_q"], again["by_status"]) == (then["revenue_q"], then["by_status"])
    verified(business)


def test_what_is_not_accepted_stands_in_the_report_with_its_line_and_reason(business: Fleet, tmp_path: Path) -> None:
    path = write(
        tmp_path / "file",
        [order("rep-1", ("rep-P", "1.00")), "{", order("rep-2"), order("rep-3", ("rep-P", "2.00"), status="lost")],
    )
    report = tmp_path / "report.jsonl"
    summary = import_olist(business, path, "--report", str(report))
    assert (summary["added"], summary["refused"], summary["bad_lines"]) == (1, {"empty_session": 1}, 2)
    entries = {entry["line"]: entry for entry in map(json.loads, report.read_text().splitlines())}
    assert {line: entry["code"] for line, entry in entries.items()} == {
        2: "bad_line",
        3: "empty_session",
        4: "bad_line",
    }
    assert entries[3]["order_id"] == "rep-2"
    assert "item" in entries[3]["message"]
    assert "`lost`" in entries[4]["message"]


def test_a_cancelled_order_gives_its_units_back(business: Fleet, tmp_path: Path) -> None:
    path = write(
        tmp_path / "file",
        [
            order("can-1", ("can-P", "1.00"), ("can-P", "1.00"), status="canceled"),
            order("can-2", ("can-P", "1.00"), status="unavailable"),
            order("can-3", ("can-P", "1.00"), status="approved"),
        ],
    )
    summary = import_olist(business, path)
    assert summary["by_status"] == {"cancelled": 2, "confirmed": 1}
    verified(business)
    [stock] = rows(business, "inventory", "select on_hand, reserved from stock where sku = 'can-P'")
    assert (stock["on_hand"], stock["reserved"]) == (3, 0)
    [event] = rows(
        business,
        "orders",
        """select e.payload ->> 'reason' as reason from order_events e
        join orders o on o.business_id = e.business_id and o.ref = e.order_ref
        where o.external_ref = 'can-2' and e.type = 'status_changed'""",
    )
    assert event["reason"] == "unavailable"


def begin(fleet: Fleet, path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        fleet.argv("import", "olist", str(path), "--concurrency", "3"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=fleet.whole_environment(),
    )  # fmt: skip


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("moment", ["products", "orders"])
def test_after_a_kill_the_next_run_completes_what_is_missing_and_repeats_nothing(
    business: Fleet, tmp_path: Path, moment: str
) -> None:
    prefix = f"kill-{moment}"
    records = [order(f"{prefix}-{n}", (f"{prefix}-P{n}", "3.33"), (f"{prefix}-P0", "0.01")) for n in range(120)]
    path = write(tmp_path / "file", records)
    run = begin(business, path)
    until(lambda: products(business, prefix) > 50 if moment == "products" else made(business, prefix) > 20)
    run.kill()
    run.communicate()
    before = made(business, prefix)
    assert before < len(records)
    summary = import_olist(business, path)
    assert summary["accepted"] == made(business, prefix) == len(records)
    assert summary["by_status"] == {"delivered": len(records)}
    assert summary["revenue_q"] == 120 * 334
    assert received(business, prefix) == wanted(records)
    verified(business)


def test_files_that_share_orders_bring_each_orders_stock_once(business: Fleet, tmp_path: Path) -> None:
    records = [order(f"tail-{n}", ("tail-P", "1.00"), (f"tail-P{n}", "2.00")) for n in range(12)]
    parts = {"tail": records[8:], "head": records[:5], "whole": records}
    units = {}
    for name, part in parts.items():
        summary = import_olist(business, write(tmp_path / name, part))
        assert summary["accepted"] == len(part)
        units[name] = summary["units_received"]
    assert units == {"tail": 8, "head": 10, "whole": 6}
    assert received(business, "tail") == wanted(records)
    verified(business)


def test_an_order_whose_stock_is_refused_holds_up_none_of_the_others(business: Fleet, tmp_path: Path) -> None:
    post(business, "/api/v1/products", {"sku": "bad-P", "name": "only in pairs", "step": "2"})
    records = [
        order("bad-1", ("bad-P", "1.00")),
        order("bad-2", ("good-P", "1.00")),
        order("bad-3", ("good-P", "1.00")),
    ]
    report = tmp_path / "report"
    summary = import_olist(business, write(tmp_path / "file", records), "--report", str(report))
    assert (summary["added"], summary["refused"], summary["units_received"]) == (2, {"off_step": 1}, 2)
    [entry] = map(json.loads, report.read_text().splitlines())
    assert (entry["order_id"], entry["code"]) == ("bad-1", "off_step")
    verified(business)


def test_stock_that_a_killed_run_received_for_an_order_is_not_received_again(business: Fleet, tmp_path: Path) -> None:
    records = [order("rec-1", ("rec-P", "1.00")), order("rec-2", ("rec-P", "1.00"))]
    post(business, "/api/v1/locations", {"code": "olist", "type": "warehouse"})
    post(business, "/api/v1/products", {"sku": "rec-P", "name": "rec-P"})
    lines = [{"sku": "rec-P", "qty": "1"}]
    post(business, "/api/v1/stock/receive", {"location": "olist", "reference": "olist-import rec-1", "lines": lines})
    summary = import_olist(business, write(tmp_path / "file", records))
    assert (summary["added"], summary["units_received"]) == (2, 1)
    assert received(business, "rec") == {"rec-P": 2}
    verified(business)


def test_ctrl_c_ends_with_a_summary_and_says_how_to_go_on(business: Fleet, tmp_path: Path) -> None:
    records = [order(f"int-{n}", ("int-P", "1.00")) for n in range(150)]
    path = write(tmp_path / "file", records)
    run = begin(business, path)
    until(lambda: made(business, "int-") > 10)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=300)
    summary = json.loads(out)
    assert run.returncode == 130
    assert summary["interrupted"]
    assert summary["accepted"] == made(business, "int-") < len(records)
    assert "run the same command again" in err
    assert import_olist(business, path)["added"] == len(records) - summary["accepted"]


def test_a_session_whose_hold_has_run_out_asks_for_its_stock_again(business: Fleet, tmp_path: Path) -> None:
    path = write(tmp_path / "file", [order("old-1", ("old-P", "1.00"))])
    first = import_olist(business, write(tmp_path / "other", [order("old-0", ("old-P", "1.00"))]))
    assert first["added"] == 1
    body = {
        "channel_code": "olist",
        "session_key": "OLIST-old-1",
        "ops": [{"op": "add_line", "sku": "old-P", "qty": "1", "unit_price_q": 100}],
    }
    post(business, "/api/v1/sessions", body)
    until(
        lambda: bool(
            rows(business, "orders", "select 1 from sessions where session_key = 'OLIST-old-1' and issues <> '[]'")
        )
    )
    assert import_olist(business, path)["added"] == 1
    verified(business)


def post(fleet: Fleet, path: str, body: dict[str, Any]) -> dict[str, Any]:
    from comanda_cli.api import Api

    async def call() -> dict[str, Any]:
        async with Api.of(fleet.home, 1, fleet.api_key) as api:
            return await api.post(path, body, "key")

    return asyncio.run(call())


def test_a_second_import_at_the_same_time_is_kept_out(business: Fleet, tmp_path: Path) -> None:
    path = write(tmp_path / "file", [order(f"two-{n}", ("two-P", "1.00")) for n in range(150)])
    run = begin(business, path)
    until(lambda: made(business, "two-") > 0)
    second = business.run("import", "olist", str(path))
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=300)
    assert second.returncode == 1
    assert "another import" in second.stderr


def test_a_key_that_is_not_good_ends_the_import_with_one_line(business: Fleet, tmp_path: Path) -> None:
    path = write(tmp_path / "file", [order("key-1", ("key-P", "1.00"))])
    done = Fleet(business.home, {"COMANDA_API_KEY": "ck_wrong"}).run("import", "olist", str(path))
    assert done.returncode == 1
    assert "denies access" in done.stderr
    assert json.loads(done.stdout)["added"] == 0
