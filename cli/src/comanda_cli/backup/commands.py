"""`comanda backup` and `comanda restore`."""

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import click
from nats.errors import Error as NatsError

from comanda_cli.api import together
from comanda_cli.backup import archive, dumps, restoring
from comanda_cli.backup.archive import Manifest
from comanda_cli.backup.moment import one_moment
from comanda_cli.fleet import addresses
from comanda_cli.fleet.addresses import Addresses, at_database
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from comanda_cli.fleet.services import OMIE
from comanda_cli.options import home_option

file_argument = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.command()
@file_argument
@home_option
@click.option(
    "--settle", type=click.FloatRange(0), default=60.0, show_default=True, help="Seconds to wait for consumers."
)
def backup(file: Path, home: Home, settle: float) -> None:
    """Write a backup of the running home to FILE, which holds its keys too: keep it as safe as them.

    Nothing stands still meanwhile but writes, for a few milliseconds.
    """
    known, credentials = home.read("secrets"), home.credentials()
    where = addresses.kept(home)
    if known is None:
        raise FleetError(f"{home.path} has no secrets: nothing was started there")
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    manifest = Manifest(made_at, where.prefix, list(where.databases), known, credentials)
    with archive.writing(file.resolve()) as directory:
        archive.describe(directory, manifest)
        try:
            asyncio.run(_dump(where, directory, settle))
        except (OSError, asyncpg.PostgresError, NatsError) as error:
            raise FleetError(f"the servers cannot be reached (are they up? see `comanda status`): {error}") from error
        if (home.path / OMIE).exists():
            # Afterwards: like the ERP that it stands for, it may know more than the databases, and never less.
            shutil.copytree(home.path / OMIE, directory / OMIE)
    click.echo(f"{file}: {len(where.databases)} databases as of {made_at}, {file.stat().st_size / 1e6:.1f} MB")


async def _dump(where: Addresses, directory: Path, settle: float) -> None:
    urls = {name: at_database(where.admin_url, url) for name, url in where.databases.items()}
    async with one_moment(urls, where.nats_url, where.prefix, settle) as snapshots:
        await together(dumps.dump(url, snapshots[name], directory / f"{name}.dump") for name, url in urls.items())


@click.command()
@file_argument
@home_option
def restore(file: Path, home: Home) -> None:
    """Make a new home from the backup in FILE; start it with `comanda up` afterwards.

    COMANDA_DATABASE_URL names another server for its databases, as for `comanda up`; they must not be there yet.
    """
    restoring.check(home)
    with archive.reading(file) as (manifest, directory):
        restoring.restore(home, manifest, directory)
    click.echo(f"{home.path} is as it was on {manifest.made_at}. Start it with: comanda up --home {home.path}")
