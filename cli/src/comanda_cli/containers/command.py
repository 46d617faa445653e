"""`comanda compose`: the whole system in containers."""

import os

import click

from comanda_cli.containers import engine, files
from comanda_cli.fleet import ports, secrets
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from comanda_cli.fleet.opening import until_healthy, write_credentials
from comanda_cli.options import HomeType

HEALTHY_SECONDS = 180.0

home_option = click.option(
    "--home",
    type=HomeType(),
    default=".comanda-compose",
    show_default=True,
    help="Directory that keeps secrets, ports, and credentials; the data is in volumes.",
)
project_option = click.option("--project", default="comanda", show_default=True, help="Compose's name for all of it.")


@click.group()
def compose() -> None:
    """The whole system in containers, from docker-compose.yml."""


@compose.command()
@home_option
@project_option
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the gateway; kept for the next start.")
def up(home: Home, project: str, port: int | None) -> None:
    """Build the images, start everything, and return when it is healthy."""
    engine.command()
    home.prepare()
    known = secrets.load(home)
    kept = home.read("ports")
    # What is up already has its ports: nothing is to choose.
    chosen = kept if kept and port in (None, kept["gateway"]) else _choose(home, port)
    files.write(home, chosen, known)
    engine.compose(project, files.environment(home, chosen, known), "up", "--detach", "--build", "--remove-orphans")
    found = files.addresses(chosen, known)
    found.keep(home)
    click.echo("Waiting until everything is healthy")
    until_healthy(found, HEALTHY_SECONDS)
    write_credentials(home, found)
    click.echo(f"Comanda is up at {found.base_url}; an API key is in {home.path / 'credentials.json'}")


@compose.command()
@home_option
@project_option
@click.option("--volumes", is_flag=True, help="Remove the data, too.")
def down(home: Home, project: str, volumes: bool) -> None:
    """End everything; the data stays unless --volumes is given."""
    chosen = home.read("ports")
    if chosen is None:
        raise FleetError(f"nothing was started in {home.path}")
    variables = files.environment(home, chosen, secrets.load(home))
    engine.compose(project, variables, "down", "--remove-orphans", *(["--volumes"] if volumes else []))


def _choose(home: Home, port: int | None) -> ports.Ports:
    chosen, held = ports.choose(home, port)
    for descriptor in held:
        os.close(descriptor)
    return chosen
