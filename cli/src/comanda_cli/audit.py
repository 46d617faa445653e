"""`comanda audit`: the log of who did what, taken out, and checked with nothing but the file."""

import hashlib
import json
import sys
from collections.abc import Iterable

import click

from comanda_cli.errand import errand
from comanda_cli.fleet.home import Home
from comanda_cli.options import home_option, key_option

CHAIN = "/api/v1/audit-log/chain"
FIRST = "0" * 64


@click.group()
def audit() -> None:
    """Take the audit log out, and prove that nobody changed it."""


@audit.command()
@home_option
@key_option
def export(home: Home, api_key: str | None) -> None:
    """Print the hash chain of the business, one JSON object a line."""
    for link in errand(home, api_key, lambda api: api.pages(CHAIN)):
        click.echo(_written(link))


@audit.command()
@click.argument("file", type=click.File("rb"))
def verify(file: Iterable[bytes]) -> None:
    """Check an exported chain, offline: exit 1 and name the first line that is not what it was."""
    count, previous = 0, FIRST
    for number, raw in enumerate(file, 1):
        line = raw.decode(errors="surrogateescape").removesuffix("\n")
        if wrong := fault(line, number, previous):
            click.echo(f"line {number}: {wrong}")
            sys.exit(1)
        count, previous = number, json.loads(line)["hash"]
    click.echo(f"{count} entries, unbroken; the last hash is {previous}")


def fault(line: str, place: int, previous: str) -> str:
    """Returns what is wrong with a line (without its end), or nothing; its place counts from 1, `previous` is the hash before."""
    try:
        link = json.loads(line)
        content, hashed = link["content"], link["hash"]
        said = json.loads(content)
        entry = f"entry {said.get('id')}"
        digest = hashlib.sha256(content.encode()).hexdigest()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return f"it cannot be read ({type(error).__name__}: {error})"
    if line != _written(link):
        return f"{entry} is not written as it was exported"
    if digest != hashed:
        return f"{entry} was changed: its hash is {digest}, not {hashed}"
    if (said.get("seq"), link.get("seq")) != (place, place):
        return f"{entry} should be number {place}, not {said.get('seq')}: entries were removed or moved"
    if said.get("previous_hash") != previous:
        return f"{entry} does not follow the one before it"
    return ""


def _written(link: dict[str, object]) -> str:
    return json.dumps(link, ensure_ascii=False)
