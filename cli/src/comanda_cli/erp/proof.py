"""`comanda erp proof`: each effect on the ERP happens exactly once, on a fleet that is started for it."""

import json
import os
import secrets
import sys
from pathlib import Path

import click
import uvloop

from comanda_cli.api import Refusal
from comanda_cli.bench.fleet import temporary_fleet
from comanda_cli.erp.hardship import Hardship, Plan
from comanda_cli.fleet.errors import FleetError
from comanda_cli.verify.command import words
from comanda_cli.verify.run import verify_home

INVOICES = Path("../shared/data/nfe")
SEEDS = 10**6
FOREIGN_PREFIX = "OMIE_"


@click.command()
@click.option("--seed", type=click.IntRange(0), help="What chance is made of; printed, so that a run can be repeated.")
@click.option("--transfers", type=click.IntRange(0), default=500, show_default=True, help="Receipts to payables.")
@click.option("--closures", type=click.IntRange(0), default=200, show_default=True, help="Purchase orders to close.")
@click.option("--orders", type=click.IntRange(0), default=300, show_default=True, help="Orders to book.")
@click.option("--kills", type=click.IntRange(0), default=10, show_default=True, help="How often the bridge is killed.")
@click.option(
    "--lost", type=click.FloatRange(0, 0.9), default=0.3, show_default=True, help="Part of answers that get lost."
)
@click.option(
    "--speed", type=click.FloatRange(1), default=6.0, show_default=True, help="Of the ERP's clock, and its limits."
)
@click.option(
    "--invoices",
    type=click.Path(file_okay=False, path_type=Path),
    default=INVOICES,
    show_default=True,
    help="Directory of real invoices (NF-e XML) to begin with; as many others are made up as are missing.",
)
def proof(
    seed: int | None, transfers: int, closures: int, orders: int, kills: int, lost: float, speed: float, invoices: Path
) -> None:
    """Prove that each effect on the ERP happens exactly once, whatever becomes of answers, webhooks, and the bridge.

    The simulator acts and then drops answers, repeats and delays its webhooks, and the bridge is killed with SIGKILL at random
    moments. Afterwards the simulator's records are counted, and `comanda verify` compares the ledger of effects with them. What
    was counted goes to standard output as one JSON object; the exit code is 1 when anything is missing, there twice, or blocked.
    """
    plan = Plan(
        secrets.randbelow(SEEDS) if seed is None else seed, transfers, closures, orders, kills, lost, speed, invoices
    )
    numbers = f"{transfers} transfers, {closures} closures, {orders} orders, {kills} kills"
    _tell(f"Seed {plan.seed}: {numbers}, {lost:.0%} of the answers lost")
    for name in [each for each in os.environ if each.startswith(FOREIGN_PREFIX)]:
        del os.environ[name]
    os.environ |= plan.environment
    with temporary_fleet(_tell) as home:
        hardship = Hardship(home, plan, _tell)
        try:
            counted, wrong = uvloop.run(hardship.prove())
        except Refusal as refusal:
            raise FleetError(f"the proof was refused: {refusal}") from refusal
        _tell("Verifying")
        results = uvloop.run(verify_home(home))
    wrong += [] if all(each.passed for each in results) else words(results)
    click.echo(json.dumps({"seed": plan.seed, **counted, "proven": not wrong}))
    for line in wrong:
        _tell(line)
    sys.exit(1 if wrong else 0)


def _tell(line: str) -> None:
    click.echo(line, err=True)
