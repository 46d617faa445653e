"""A step of the start, `python -m comanda_cli.fleet.databases HOME`: a database and a login for every service."""

import asyncio
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg

from comanda_cli.fleet.addresses import kept
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home

OLDEST = 18


async def prepare(admin_url: str, database_urls: list[str]) -> None:
    """Makes the logins and databases that the URLs name, where they are missing, on the administrator's server.

    A login's password becomes that of its URL. Nobody but a database's own login may connect to it. Raises FleetError where
    the server is too old.
    """
    admin = await asyncpg.connect(admin_url)
    try:
        if (version := admin.get_server_version().major) < OLDEST:
            raise FleetError(f"the server is PostgreSQL {version}, and {OLDEST} is the oldest that will do")
        for url in database_urls:
            await _prepare_one(admin, url)
    finally:
        await admin.close()


async def _prepare_one(admin: asyncpg.Connection, url: str) -> None:
    parts = urlsplit(url)
    login, password, database = parts.username or "", unquote(parts.password or ""), parts.path.lstrip("/")
    verb = "ALTER" if await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", login) else "CREATE"
    await _run(admin, f"{verb} ROLE %I LOGIN PASSWORD %L", login, password)
    if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
        # An administrator who is no superuser may give a database only to a role that he is a member of.
        await _run(admin, "GRANT %I TO CURRENT_USER", login)
        await _run(admin, "CREATE DATABASE %I OWNER %I", database, login)
    await _run(admin, "REVOKE ALL ON DATABASE %I FROM PUBLIC", database)


async def _run(admin: asyncpg.Connection, statement: str, *values: str) -> None:
    # These statements take no parameters: the server itself writes the values into them, quoted as it reads them.
    await admin.execute(await admin.fetchval("SELECT format($1, VARIADIC $2::text[])", statement, values))


def main(path: str) -> None:
    """Prepares the databases of a home."""
    addresses = kept(Home(Path(path)))
    try:
        asyncio.run(prepare(addresses.admin_url, list(addresses.databases.values())))
    except (FleetError, asyncpg.PostgresError, OSError, ValueError) as error:
        sys.exit(f"cannot prepare the databases: {' '.join(str(error).split())}")


if __name__ == "__main__":
    main(*sys.argv[1:])
