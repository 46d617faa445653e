"""`comanda import pos`: the lines of a till as completed sales."""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from comanda_cli.api import Api, Refusal
from comanda_cli.bar import Bar
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from comanda_cli.options import Source, home_option, key_option
from comanda_cli.pos.file import BadLine, read
from comanda_cli.pos.run import Import, Tally, open_storefront

REPORT = "pos-report.jsonl"
FAILED = 1


@click.command()
@click.argument("file", type=Source())
@home_option
@click.option("--storefront", default="pos", show_default=True, help="Where it was sold; made when it is missing.")
@click.option("--concurrency", type=click.IntRange(1, 64), default=8, show_default=True, help="Receipts at a time.")
@click.option(
    "--report",
    "report_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to list what was not accepted, as JSON lines.  [default: pos-report.jsonl in the home]",
)
@key_option
def pos(
    file: Path, home: Home, storefront: str, concurrency: int, report_path: Path | None, api_key: str | None
) -> None:
    """Bring the sales of a till in: CSV with receipt, time, sku, quantity, unit_price, and discount in its header.

    The lines of a receipt become one sale, completed for cash on the day of its time; products that are missing are made, and
    units that the shelf lacks received. A negative quantity is a refund: of the receipt in the column refund_of if there is
    one, else of the same receipt, else of the latest one before that sold the units at that price. A bad line is left out and
    listed with its number and reason. A repetition adds nothing twice and completes what is missing.

    The summary goes to standard output as one JSON object: what Comanda has of these receipts, beside a recount of the file.
    It fails when the two differ.
    """
    path = report_path or home.path / REPORT
    with Bar() as bar:
        tally, bad = asyncio.run(_import(Api.of(home, concurrency, api_key), file, storefront, concurrency, bar))
    _write(path, tally, bad)
    for line in words(tally, bad, path):
        click.echo(line, err=True)
    click.echo(json.dumps({**tally.as_json(), "bad_lines": len(bad), "report": str(path)}))
    sys.exit(0 if tally.matches else FAILED)


async def _import(api: Api, file: Path, storefront: str, concurrency: int, bar: Bar) -> tuple[Tally, list[BadLine]]:
    async with api:
        try:
            contents = read(file, await open_storefront(api, storefront))
            run = Import(api, storefront, contents, bar.show)
            await run.run(concurrency)
        except Refusal as refusal:
            raise FleetError(f"the import cannot be prepared: {refusal}") from refusal
    return run.tally, contents.bad


def words(tally: Tally, bad: Sequence[BadLine], report: Path) -> list[str]:
    """Returns the summary in words, a line each."""
    lines = [
        f"{tally.added} sales added, {tally.already_there} were there already.",
        f"{tally.refunds_added} refunds added, {tally.refunds_already_there} were there already.",
        *(f"{count} receipts refused: {code}" for code, count in sorted(tally.refused.items())),
    ]
    if bad:
        lines.append(f"{len(bad)} bad lines.")
    if bad or tally.problems:
        lines.append(f"Each of them, with its reason, is in {report}.")
    if not tally.matches:
        lines.append(
            "What Comanda has is not what the file comes to: run the same command again, or look into the report."
        )
    return lines


def _write(path: Path, tally: Tally, bad: list[BadLine]) -> None:
    lines = [{"line": each.number, "receipt": "", "code": "bad_line", "message": each.reason} for each in bad]
    found = sorted([*lines, *tally.problems], key=lambda each: int(str(each["line"])))
    try:
        path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in found))
    except OSError as error:
        raise FleetError(f"cannot write to {path}: {error.strerror}; use another --report") from error
