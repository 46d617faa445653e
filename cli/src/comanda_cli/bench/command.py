"""`comanda bench`: figures, with the proof that they were made honestly."""

import json
import sys
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from typing import Any

import click
import uvloop

from comanda_cli.api import Refusal
from comanda_cli.bench import orders as ordering
from comanda_cli.bench import reads as reading
from comanda_cli.bench import reserve as reserving
from comanda_cli.bench import sales as selling
from comanda_cli.bench.fleet import temporary_fleet
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from comanda_cli.verify.command import words
from comanda_cli.verify.run import verify_home

ROWS = (10_000, 1_000_000)


@click.group()
def bench() -> None:
    """Measure, on a fleet that is started for it under a temporary home.

    Figures go to standard output as one JSON object; there are none when the run does not pass `comanda verify`.
    """


@bench.command()
@click.option("--orders", type=click.IntRange(1), default=3000, show_default=True, help="How many orders count.")
@click.option("--clients", type=click.IntRange(1, 1000), default=16, show_default=True, help="How many at a time.")
def orders(orders: int, clients: int) -> None:
    """Complete orders per second: a session with three lines, and a commit that waits for its stock check."""
    _report(lambda home: ordering.measure(home, orders, clients, _tell))


@bench.command()
@click.option("--clients", type=click.IntRange(1, 128), default=64, show_default=True, help="How many at a time.")
@click.option("--seconds", type=click.IntRange(1), default=5, show_default=True, help="How long a round lasts.")
def reserve(clients: int, seconds: int) -> None:
    """Reservations per second over gRPC: one hot SKU, 1,000 SKUs, and bare SQL by pgbench on the hot row, in turns."""
    _report(lambda home: reserving.measure(home, clients, seconds, _tell))


@bench.command()
@click.option("--sales", type=click.IntRange(1), default=1000, show_default=True, help="How many sales count.")
@click.option("--clients", type=click.IntRange(1, 1000), default=16, show_default=True, help="How many at a time.")
@click.option("--scanned", is_flag=True, help="Add the items one by one, instead of with the draft.")
def sales(sales: int, clients: int, scanned: bool) -> None:
    """Sales per second at the counter: a draft, three items, completed for cash."""
    _report(lambda home: selling.measure(home, sales, clients, scanned, _tell))


@bench.command()
@click.option(
    "--rows",
    type=click.IntRange(100),
    multiple=True,
    default=ROWS,
    show_default=True,
    help="How many orders there are.",
)
def reads(rows: tuple[int, ...]) -> None:
    """Lists, searches, polls, and analytics of a day over orders that were copied in; every answer is checked.

    Each number of orders has a fleet of its own, and they are asked in turns.
    """
    with ExitStack() as stack:
        homes = {size: stack.enter_context(temporary_fleet(_tell)) for size in set(rows)}
        click.echo(json.dumps(uvloop.run(reading.measure(homes, _tell))))


def _report(measure: Callable[[Home], Coroutine[Any, Any, dict[str, Any]]]) -> None:
    """Measures and prints the figures, if the run passes."""
    with temporary_fleet(_tell) as home:
        try:
            figures = uvloop.run(measure(home))
        except Refusal as refusal:
            raise FleetError(f"the measurement was refused: {refusal}") from refusal
        prove(home)
    click.echo(json.dumps({**figures, "verify": "passed"}))


def prove(home: Home) -> None:
    """Runs every check on the fleet; ends the process with what is wrong if one fails."""
    _tell("Verifying")
    results = uvloop.run(verify_home(home))
    if not all(result.passed for result in results):
        for line in words(results):
            _tell(line)
        sys.exit("comanda: no figures, since the run does not pass")


def _tell(line: str) -> None:
    click.echo(line, err=True)
