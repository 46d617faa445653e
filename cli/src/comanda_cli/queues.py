"""`comanda directives` and `comanda dead-letters`: work and messages that wait for somebody."""

import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import click
from rich.console import Console
from rich.table import Table

from comanda.orders.v1 import directives_pb2, directives_pb2_grpc
from comanda_cli.calls import call, run
from comanda_cli.fleet import addresses
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from comanda_cli.fleet.services import SERVICES
from comanda_cli.options import home_option
from kit import dead_letters as letters
from kit.consumer import ATTEMPTS
from kit.errors import NotFound

# Whose they are does not matter here: the operator sees all businesses.
DIRECTIVES = """
    select id, topic, case when status = 'queued' and leased_until > now() then 'running' else status end as status,
        attempts, order_ref, session_key, error_code, last_error, created_at, updated_at
    from directives
    where (cardinality($1::text[]) = 0 or status = any($1)) and ($2 = '' or topic = $2)
    order by created_at desc limit $3
"""
WIDE = 1000
BUSINESS_OF = "select business_id from directives where id = $1"

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
limit_option = click.option("--limit", type=click.IntRange(1), default=50, show_default=True)


@click.group()
def directives() -> None:
    """Look at the durable work of orders, and queue it again."""


@directives.command("list")
@click.option(
    "--status", multiple=True, type=click.Choice(["queued", "done", "failed", "cancelled"]), help="May be repeated."
)
@click.option("--topic", default="", help="Such as stock.commit.")
@limit_option
@as_json_option
@home_option
def list_directives(home: Home, status: Sequence[str], topic: str, limit: int, as_json: bool) -> None:
    """List directives of all businesses, newest first."""

    async def rows() -> list[dict[str, Any]]:
        async with _database(home, "orders") as connection:
            return [dict(row) for row in await connection.fetch(DIRECTIVES, list(status), topic, limit)]

    _show(run(rows()), as_json)


@directives.command("retry")
@click.argument("ids", nargs=-1, required=True, type=click.UUID)
@home_option
def retry_directives(home: Home, ids: Sequence[UUID]) -> None:
    """Make directives due at once, with their failures forgotten."""
    for identifier in ids:
        done = run(_retry(home, identifier))
        click.echo(f"{done.id} {done.topic}: {done.status}")


async def _retry(home: Home, identifier: UUID) -> directives_pb2.Directive:
    async with _database(home, "orders") as connection:
        business = await connection.fetchval(BUSINESS_OF, identifier)
    if business is None:
        raise NotFound("not_found", id=str(identifier))
    request = directives_pb2.RetryDirectiveRequest(id=str(identifier), request_id=uuid4().hex)
    stub = directives_pb2_grpc.DirectiveServiceStub
    answer = await call(home, "orders", stub, "RetryDirective", request, business)
    retried: directives_pb2.Directive = answer.directive
    return retried


@click.group("dead-letters")
def dead_letters() -> None:
    """Look at messages that a service has given up, and hand them to it again."""


@dead_letters.command("list")
@limit_option
@as_json_option
@home_option
def list_dead_letters(home: Home, limit: int, as_json: bool) -> None:
    """List the messages that were given up, by service."""

    async def rows() -> list[dict[str, Any]]:
        found = []
        for service in SERVICES:
            async with _database(home, service.name) as connection:
                given_up = await letters.given_up(connection, ATTEMPTS, limit)
            found += [{"service": service.name, **_plain(letter)} for letter in given_up]
        return found

    _show(run(rows()), as_json)


@dead_letters.command("replay")
@click.argument("message_ids", nargs=-1, required=True)
@home_option
def replay_dead_letters(home: Home, message_ids: Sequence[str]) -> None:
    """Hand messages to the service that gave them up, and to no other."""
    for identifier in message_ids:
        services = run(_replay(home, identifier))
        click.echo(f"{identifier}: handed to {', '.join(services)}")


async def _replay(home: Home, message_id: str) -> list[str]:
    prefix = addresses.kept(home).prefix
    done = []
    for service in SERVICES:
        async with _database(home, service.name) as connection:
            try:
                await letters.replay(connection, message_id, prefix=prefix, service=service.name, attempts=ATTEMPTS)
            except NotFound:
                continue
            done.append(service.name)
    if not done:
        raise FleetError(f"no service has given up message {message_id}: see `comanda dead-letters list`")
    return done


def _plain(letter: letters.DeadLetter) -> dict[str, Any]:
    names = ("message_id", "consumer", "subject", "attempts", "last_error", "failed_at")
    return {name: getattr(letter, name) for name in names}


@asynccontextmanager
async def _database(home: Home, service: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(addresses.kept(home).databases[service])
    try:
        yield connection
    finally:
        await connection.close()


def _show(rows: Sequence[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        for row in rows:
            click.echo(json.dumps(row, default=str, ensure_ascii=False))
    elif rows:
        table = Table(box=None, pad_edge=False)
        for name in rows[0]:
            table.add_column(name.upper(), no_wrap=name != "last_error")
        for row in rows:
            table.add_row(*(str(value) for value in row.values()))
        # A program that reads it wants nothing cut off.
        Console(width=None if sys.stdout.isatty() else WIDE).print(table)
    else:
        click.echo("None.")
