"""`comanda import`: brings real data in through the public API."""

import asyncio
import fcntl
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from comanda_cli.api import Api, Refusal
from comanda_cli.bar import Bar
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from comanda_cli.nfe.command import nfe
from comanda_cli.olist.file import survey
from comanda_cli.olist.run import Import
from comanda_cli.olist.tally import Report, Tally, words
from comanda_cli.options import Source, home_option, key_option
from comanda_cli.pos.command import pos

REPORT = "olist-report.jsonl"
FAILED = 1
INTERRUPTED = 130


@click.group("import")
def imports() -> None:
    """Bring real data in, through the public API."""


imports.add_command(nfe)
imports.add_command(pos)


@imports.command()
@click.argument("file", type=Source())
@home_option
@click.option("--limit", type=click.IntRange(1), help="Stop after so many orders of the file.")
@click.option("--concurrency", type=click.IntRange(1, 256), default=16, show_default=True, help="Orders at a time.")
@click.option(
    "--report",
    "report_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to list what was not accepted, as JSON lines.  [default: olist-report.jsonl in the home]",
)
@key_option
def olist(
    file: Path, home: Home, limit: int | None, concurrency: int, report_path: Path | None, api_key: str | None
) -> None:
    """Send the orders of the Olist data set (one JSON object a line, plain or gzip) through the public API.

    Products come first, and before each order exactly the stock that it wants. A repetition, or another file with some of the
    same orders, adds nothing twice and completes what is missing. The summary goes to standard output as one JSON object,
    words go to standard error.
    """
    path = report_path or home.path / REPORT
    api = Api.of(home, concurrency, api_key)
    with _only_one(home), _opened(path) as report, Bar() as bar:
        tally = asyncio.run(_import(api, file, limit, concurrency, report, bar))
    for line in words(tally, path):
        click.echo(line, err=True)
    click.echo(json.dumps(tally.as_json(path)))
    sys.exit(FAILED if tally.failure else INTERRUPTED if tally.interrupted else 0)


async def _import(api: Api, file: Path, limit: int | None, concurrency: int, report: Report, bar: Bar) -> Tally:
    found = await asyncio.to_thread(survey, file, limit)
    async with api:
        run = Import(api, file, limit, report, bar.show)
        for reason in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(reason, run.stop)
        try:
            await run.run(found, concurrency)
        except Refusal as refusal:
            raise FleetError(f"the import cannot be prepared: {refusal}") from refusal
    return run.tally


def _opened(path: Path) -> Report:
    try:
        return Report(path)
    except OSError as error:
        raise FleetError(f"cannot write to {path}: {error.strerror}; use another --report") from error


@contextmanager
def _only_one(home: Home) -> Iterator[None]:
    """Keeps a second import out: what is missing is worked out and sent by one at a time."""
    with (home.path / ".import.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FleetError(f"another import into {home.path} is running: wait until it has ended") from error
        yield
