"""Makes a home from a backup."""

import asyncio
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from comanda_cli.backup import dumps
from comanda_cli.backup.archive import Manifest
from comanda_cli.backup.moment import connected
from comanda_cli.fleet import addresses, databases, ports
from comanda_cli.fleet.addresses import Addresses, at_database
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from comanda_cli.fleet.secrets import Secrets
from comanda_cli.fleet.services import OMIE
from embedded import postgres
from embedded.server import Server


def check(home: Home) -> None:
    """Raises FleetError unless the home is new."""
    if home.path.exists() and any(home.path.iterdir()):
        raise FleetError(f"{home.path} is not empty: restore into a new home")


def restore(home: Home, manifest: Manifest, directory: Path) -> None:
    """Fills the databases of a home that has nothing yet, and gives it the keys; raises FleetError."""
    home.prepare()
    known = Secrets(**manifest.secrets)
    chosen, held = ports.choose(home, None)
    try:
        where = addresses.plan(home, chosen, known)
        if where.prefix != manifest.prefix:
            raise FleetError(f"set COMANDA_STREAM_PREFIX={manifest.prefix}: messages that wait to be sent name it")
        with _server(home, where, known, chosen["postgres"]):
            asyncio.run(_fill(where, directory))
    except (OSError, asyncpg.PostgresError) as error:
        raise FleetError(f"the databases cannot be made: {error}") from error
    finally:
        for descriptor in held:
            os.close(descriptor)
    if (directory / OMIE).exists():
        shutil.copytree(directory / OMIE, home.path / OMIE)
    # Last, so that a home which is not whole cannot be started.
    home.write("secrets", manifest.secrets)
    home.write("credentials", manifest.credentials)


@contextmanager
def _server(home: Home, where: Addresses, known: Secrets, port: int) -> Iterator[None]:
    """Runs the home's own PostgreSQL meanwhile, unless it is to use another."""
    if not where.own_postgres:
        yield
        return
    postgres.initialise(home.postgres, known.postgres)
    server = Server("PostgreSQL", home.postgres, home.log("postgres"))
    server.start(postgres.command(home.postgres, port), lambda: postgres.is_ready(port))
    try:
        yield
    finally:
        server.end(signal.SIGINT)


async def _fill(where: Addresses, directory: Path) -> None:
    await databases.prepare(where.admin_url, list(where.databases.values()))
    for name, url in where.databases.items():
        target = at_database(where.admin_url, url)
        await dumps.restore(target, directory / f"{name}.dump", addresses.login(where.prefix, name))
        async with connected(target) as connection:
            await connection.execute("analyze")
