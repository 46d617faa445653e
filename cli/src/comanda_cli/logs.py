"""`comanda logs`: what the processes have to say."""

import time
from pathlib import Path

import click

from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from comanda_cli.fleet.logfiles import tail
from comanda_cli.options import home_option

POLL_SECONDS = 0.3


@click.command()
@click.argument("service", required=False)
@home_option
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes; Ctrl-C ends.")
@click.option("-n", "count", type=click.IntRange(0), default=50, show_default=True, help="How many last lines of each.")
def logs(service: str | None, home: Home, follow: bool, count: int) -> None:
    """Show the logs of all processes, or of one SERVICE (sales, gateway, postgres, supervisor, and so on)."""
    files = _files(home, service)
    ends = {file: file.stat().st_size for file in files}
    for file in files:
        _show(file, tail(file, count), named=service is None)
    while follow:
        time.sleep(POLL_SECONDS)
        for file in files:
            ends[file] = _show_news(file, ends[file], named=service is None)


def _files(home: Home, service: str | None) -> list[Path]:
    known = {file.stem: file for file in sorted(home.logs.glob("*.log"))}
    if service is None and not known:
        raise FleetError(f"nothing was started in {home.path}: run `comanda up --home {home.path}`")
    if service is None:
        return list(known.values())
    if service not in known:
        raise FleetError(f"no log of {service} in {home.path}: there are {', '.join(known) or 'none'}")
    return [known[service]]


def _show_news(file: Path, seen: int, *, named: bool) -> int:
    """Shows what stands behind the byte `seen`, and returns how far that goes."""
    with file.open("rb") as content:
        # A log that was rotated begins again.
        content.seek(seen if file.stat().st_size >= seen else 0)
        news = content.read()
        whole = news[: news.rfind(b"\n") + 1]
        _show(file, whole.decode(errors="replace").splitlines(keepends=True), named=named)
        return content.tell() - len(news) + len(whole)


def _show(file: Path, lines: list[str], *, named: bool) -> None:
    for line in lines:
        click.echo(f"{file.stem:<12}| {line}" if named else line, nl=False)
