"""`comanda status`: what runs and how it is."""

import json
import sys
import time
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table

from comanda_cli.fleet.home import Home
from comanda_cli.fleet.report import Line, Report, collect
from comanda_cli.options import home_option

COLOURS = {"healthy": "green", "unhealthy": "red", "restarting": "red"}


@click.command()
@home_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; times are seconds since 1970.")
def status(home: Home, as_json: bool) -> None:
    """Show what runs and how it is; exit 0 only when everything is healthy."""
    report = collect(home)
    if as_json:
        click.echo(json.dumps({"healthy": report.is_healthy, "error": report.error, "processes": _plain(report)}))
    elif report.lines:
        Console().print(_table(report))
    else:
        click.echo(f"Nothing runs in {home.path}{f' (last start: {report.error})' if report.error else ''}.")
    sys.exit(0 if report.is_healthy else 1)


def _plain(report: Report) -> list[dict[str, object]]:
    return [asdict(line) for line in report.lines]


def _table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("PROCESS", "PID", "STATE", "UPTIME", "RESTARTS", "MEMORY", "LAST EXIT"):
        table.add_column(heading, justify="right" if heading in ("PID", "UPTIME", "RESTARTS", "MEMORY") else "left")
    for line in report.lines:
        table.add_row(*_cells(line))
    table.add_section()
    table.add_row("total", "", "", "", "", _megabytes(sum(line.memory_bytes for line in report.lines)), "")
    return table


def _cells(line: Line) -> list[str]:
    return [
        line.name,
        str(line.pid or "-"),
        f"[{COLOURS.get(line.state, 'yellow')}]{line.state}[/]",
        _age(line.started_at),
        str(line.restarts),
        _megabytes(line.memory_bytes),
        f"{line.last_exit}, {_age(line.last_exit_at)} ago" if line.last_exit else "",
    ]


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"


def _age(since: float | None) -> str:
    if since is None:
        return "-"
    seconds = max(0, int(time.time() - since))
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"
