"""`comanda audit`: the log of who did what, taken out, and checked with nothing but the file."""

import asyncio
import hashlib
import json
import sys
from collections.abc import Iterable

import click

from comanda_cli.api import Api
from comanda_cli.fleet.home import Home
from comanda_cli.options import home_option

CHAIN = "/api/v1/audit-log/chain"
FIRST = "0" * 64


@click.group()
def audit() -> None:
    """Take the audit log out, and prove that nobody changed it."""


@audit.command()
@home_option
def export(home: Home) -> None:
    """Print the hash chain of the business, one JSON object a line."""

    async def links() -> list[dict[str, object]]:
        async with Api.of(home, 1) as api:
            return await api.pages(CHAIN)

    for link in asyncio.run(links()):
        click.echo(json.dumps(link, ensure_ascii=False))


@audit.command()
@click.argument("file", type=click.File("r", encoding="utf-8", errors="surrogateescape"))
def verify(file: Iterable[str]) -> None:
    """Check an exported chain, offline: exit 1 and name the first line that is not what it was."""
    count, previous = 0, FIRST
    for number, line in enumerate(file, 1):
        if wrong := fault(line, number, previous):
            click.echo(f"line {number}: {wrong}")
            sys.exit(1)
        count, previous = number, json.loads(line)["hash"]
    click.echo(f"{count} entries, unbroken; the last hash is {previous}")


def fault(line: str, place: int, previous: str) -> str:
    """Returns what is wrong with a line, given its place from 1 and the hash of the line before; empty when nothing is."""
    try:
        link = json.loads(line)
        content, hashed = link["content"], link["hash"]
        said = json.loads(content)
        digest = hashlib.sha256(content.encode()).hexdigest()
    except (ValueError, KeyError, TypeError) as error:
        return f"it cannot be read ({type(error).__name__}: {error})"
    if digest != hashed:
        return f"entry {said.get('id')} was changed: its hash is {digest}, not {hashed}"
    if (said.get("seq"), link.get("seq")) != (place, place):
        return f"entry {said.get('id')} should be number {place}, not {said.get('seq')}: entries were removed or moved"
    if said.get("previous_hash") != previous:
        return f"entry {said.get('id')} does not follow the one before it"
    return ""
