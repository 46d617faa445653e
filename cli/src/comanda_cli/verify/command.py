"""`comanda verify`: proves the promises on a running system."""

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from comanda_cli.fleet.home import Home
from comanda_cli.options import home_option
from comanda_cli.verify.check import Row
from comanda_cli.verify.run import SETTLE_SECONDS, Result, verify_home


@click.command()
@home_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--settle",
    type=click.FloatRange(0),
    default=SETTLE_SECONDS,
    show_default=True,
    help="How many seconds to wait for what is under way.",
)
def verify(home: Home, as_json: bool, settle: float) -> None:
    """Prove on the running system that its promises are kept; it only reads.

    Where one is not, its first wrong row is named, and the exit code is 1.
    """
    results = asyncio.run(verify_home(home, settle))
    passed = all(result.passed for result in results)
    if as_json:
        click.echo(json.dumps({"passed": passed, "checks": [_plain(each) for each in results]}, default=str))
    else:
        for line in words(results):
            click.echo(line)
    sys.exit(0 if passed else 1)


def words(results: Sequence[Result]) -> list[str]:
    """Returns the results in words, a line or three each."""
    lines = []
    for result in results:
        if result.passed:
            lines.append(f"ok      {result.check.name} ({result.checked})")
        else:
            lines += [
                f"FAILED  {result.check.name} ({_number(result)} of {result.checked})",
                f"        {_row(result.wrong[0])}",
                f"        {result.check.explanation}",
            ]
    failed = sum(not result.passed for result in results)
    lines.append(f"{failed} of {len(results)} checks failed." if failed else f"All {len(results)} checks passed.")
    return lines


def _number(result: Result) -> str:
    return f"{len(result.wrong)} wrong"


def _row(row: Row) -> str:
    return " ".join(f"{name}={value}" for name, value in row)


def _plain(result: Result) -> dict[str, Any]:
    return {
        "name": result.check.name,
        "passed": result.passed,
        "checked": result.checked,
        "wrong": len(result.wrong),
        "first_wrong": dict(result.wrong[0]) if result.wrong else None,
        "explanation": result.check.explanation,
    }
