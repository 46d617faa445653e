"""`comanda bench`: exactly the promised figures, and none without the proof."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import nullcontext
from typing import Any

import asyncpg
import pytest

from comanda_cli.bench import command, history, reads, reserve, sales
from comanda_cli.bench.orders import percentiles
from comanda_cli.fleet.errors import FleetError
from comanda_cli.testing import Fleet, running

KEYS = [
    "orders",
    "clients",
    "orders_per_second",
    "open_ms",
    "commit_ms",
    "server_cpu_ms_per_order",
    "cpu_ms_per_order",
    "rss_mb",
]
RESERVE_KEYS = [
    "hot_per_second",
    "spread_per_second",
    "pgbench_hot_per_second",
    "hot_vs_pgbench",
    "hot_vs_spread",
    "p50_ms",
    "p99_ms",
    "clients",
    "server_cpu_ms_per_reservation",
    "cpu_ms_per_reservation",
]
SALES_KEYS = [
    "sales",
    "clients",
    "sales_per_second",
    "complete_ms",
    "server_cpu_ms_per_sale",
    "cpu_ms_per_sale",
    "rss_mb",
]
PROCESSES = {
    "supervisor",
    "postgres",
    "nats",
    "sales",
    "inventory",
    "orders",
    "erp-bridge",
    "omie-simulator",
    "gateway",
    "client",
}


def test_percentiles_are_those_of_the_nearest_rank() -> None:
    assert percentiles([n / 1000 for n in range(1, 101)]) == {"p50": 50.0, "p99": 99.0}
    assert percentiles([0.002]) == {"p50": 2.0, "p99": 2.0}


@pytest.mark.xdist_group("bench")
def test_a_run_prints_its_figures_as_one_json_object() -> None:
    program = "from comanda_cli.bench import orders; orders.WARM_UP = 10; from comanda_cli.main import main; main()"
    argv = [sys.executable, "-c", program, "bench", "orders", "--orders", "40", "--clients", "4"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=380)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert list(figures) == [*KEYS, "verify"]
    assert (figures["orders"], figures["clients"], figures["verify"]) == (40, 4, "passed")
    assert set(figures["cpu_ms_per_order"]) == set(figures["rss_mb"]) == PROCESSES
    servers = sum(ms for name, ms in figures["cpu_ms_per_order"].items() if name != "client")
    assert figures["server_cpu_ms_per_order"] == pytest.approx(servers, abs=0.01)
    assert 0 < figures["open_ms"]["p50"] <= figures["open_ms"]["p99"]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A fleet for what can be measured one after the other: reservations, and then reads of orders that were copied in."""
    with running(tmp_path_factory.mktemp("measured")) as started:
        yield started


@pytest.fixture
def bench(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Measures on a fleet that is up, and returns the figures that are printed."""

    def measure(fleet: Fleet, *arguments: str) -> Any:
        monkeypatch.setattr(command, "temporary_fleet", lambda _: nullcontext(fleet.home))
        command.bench(list(arguments), standalone_mode=False)
        return json.loads(capsys.readouterr().out)

    return measure


@pytest.mark.xdist_group("bench")
def test_a_run_of_reservations_stands_beside_bare_sql_on_the_same_row(
    measured: Fleet, bench: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, few in {"SKUS": 20, "ROUNDS": 2, "WARM_UP_SECONDS": 1}.items():
        monkeypatch.setattr(reserve, name, few)
    figures = bench(measured, "reserve", "--clients", "8", "--seconds", "1")
    assert list(figures) == [*RESERVE_KEYS, "verify"]
    assert (figures["clients"], figures["verify"]) == (8, "passed")
    hot, spread, bare = (figures[f"{name}_per_second"] for name in ("hot", "spread", "pgbench_hot"))
    assert figures["hot_vs_pgbench"] == pytest.approx(hot / bare, abs=0.01)
    assert figures["hot_vs_spread"] == pytest.approx(hot / spread, abs=0.01)
    assert 0 < figures["p50_ms"] <= figures["p99_ms"]
    assert set(figures["cpu_ms_per_reservation"]) == PROCESSES


@pytest.mark.xdist_group("bench")
def test_reads_are_timed_and_their_answers_checked_for_each_number_of_orders(
    measured: Fleet, bench: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "WARM_UP", 1)
    monkeypatch.setattr(reads, "COUNTED", 3)
    monkeypatch.setattr(history, "BATCH", 200)
    figures = bench(measured, "reads", "--rows", "300")
    assert list(figures) == ["rows", "growth"]
    [(size, times)] = figures["rows"].items()
    assert (size, set(times)) == ("300", {*reads.QUERIES, "poll"})
    assert all(0 < each["p50"] <= each["p99"] for each in times.values())
    assert figures["growth"] == dict.fromkeys(times, 1.0)


async def test_what_is_measured_at_several_sizes_is_asked_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "WARM_UP", 1)
    monkeypatch.setattr(reads, "COUNTED", 2)
    asked: list[str] = []

    async def seconds(size: str, took: float) -> AsyncGenerator[float]:
        while True:
            asked.append(size)
            yield took

    few, many = await reads.in_turns([seconds("few", 0.25), seconds("many", 0.5)])
    assert asked == ["few", "many"] * 3
    assert (few["p50"], many["p50"]) == (250, 500)


@pytest.mark.xdist_group("fleet")
def test_a_run_of_sales_counts_only_those_that_were_completed(
    fleet: Fleet, bench: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sales, "PRODUCTS", 5)
    monkeypatch.setattr(sales, "WARM_UP", 4)
    figures = bench(fleet, "sales", "--sales", "12", "--clients", "4")
    assert list(figures) == [*SALES_KEYS, "verify"]
    assert (figures["sales"], figures["clients"], figures["verify"]) == (12, 4, "passed")
    assert 0 < figures["complete_ms"]["p50"] <= figures["complete_ms"]["p99"]
    assert set(figures["cpu_ms_per_sale"]) == set(figures["rss_mb"]) == PROCESSES
    with pytest.raises(FleetError, match="12 completions were acknowledged and there are 11"):
        sales.check_count(12, 11)


def test_an_answer_that_is_wrong_is_no_figure() -> None:
    made = history.made(7)
    query = reads.QUERIES["search_ref"]
    assert query.right(made, {"items": [{"ref": made.ref}]})
    assert not query.right(made, {"items": [{"ref": history.made(8).ref}]})


def test_made_up_orders_are_the_same_every_time_and_no_two_alike() -> None:
    made = [history.made(number) for number in range(5000)]
    assert made == [history.made(number) for number in range(5000)]
    assert len({each.ref for each in made}) == len({each.email for each in made}) == 5000


@pytest.mark.xdist_group("fleet")
def test_a_run_that_does_not_pass_has_no_figures(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    url = fleet.addresses.databases["sales"]
    plant = """insert into dead_letters (business_id, consumer, message_id, subject, message, attempts, last_error)
        values (gen_random_uuid(), 'X', 'bench-1', 'x', '', 5, 'KeyError')"""
    asyncio.run(execute(url, plant))
    with pytest.raises(SystemExit, match="no figures"):
        command.prove(fleet.home)
    asyncio.run(execute(url, "delete from dead_letters where message_id = 'bench-1'"))
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "message_id=bench-1" in shown.err


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
