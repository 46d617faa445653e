"""A step of the start, `python -m comanda_cli.fleet.databases HOME`: a database and a login for every service."""

import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from comanda_cli.fleet.addresses import kept
from comanda_cli.fleet.home import Home


def prepare(admin_url: str, database_urls: list[str]) -> None:
    """Makes the logins and databases that the URLs name, where they are missing, on the administrator's server.

    A login's password becomes that of its URL. Nobody but a database's own login may connect to it.
    """
    with psycopg.connect(admin_url, autocommit=True) as admin:
        for url in database_urls:
            _prepare_one(admin, url)


def _prepare_one(admin: psycopg.Connection, url: str) -> None:
    parts = urlsplit(url)
    login, password, database = parts.username or "", unquote(parts.password or ""), parts.path.lstrip("/")
    names = {"login": sql.Identifier(login), "database": sql.Identifier(database), "password": sql.Literal(password)}
    verb = sql.SQL("ALTER" if _exists(admin, "pg_roles", "rolname", login) else "CREATE")
    admin.execute(sql.SQL("{verb} ROLE {login} LOGIN PASSWORD {password}").format(verb=verb, **names))
    if not _exists(admin, "pg_database", "datname", database):
        # An administrator who is no superuser may give a database only to a role that he is a member of.
        admin.execute(sql.SQL("GRANT {login} TO CURRENT_USER").format(**names))
        admin.execute(sql.SQL("CREATE DATABASE {database} OWNER {login}").format(**names))
    admin.execute(sql.SQL("REVOKE ALL ON DATABASE {database} FROM PUBLIC").format(**names))


def _exists(admin: psycopg.Connection, catalogue: str, column: str, name: str) -> bool:
    query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(sql.Identifier(catalogue), sql.Identifier(column))
    return admin.execute(query, [name]).fetchone() is not None


def main(path: str) -> None:
    """Prepares the databases of a home."""
    addresses = kept(Home(Path(path)))
    try:
        prepare(addresses.admin_url, list(addresses.databases.values()))
    except psycopg.Error as error:
        sys.exit(f"cannot prepare the databases: {' '.join(str(error).split())}")


if __name__ == "__main__":
    main(*sys.argv[1:])
