"""`comanda up`: starts everything."""

import click

from comanda_cli.fleet import starting
from comanda_cli.fleet.home import Home
from comanda_cli.fleet.ports import LOOPBACK
from comanda_cli.options import Address, home_option


@click.command()
@home_option
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the gateway; kept for the next start.")
@click.option(
    "--host",
    type=Address(),
    default=LOOPBACK,
    show_default=True,
    help="Where the gateway listens; 0.0.0.0 for everywhere.",
)
@click.option(
    "--replicas", type=click.IntRange(1, 9), default=1, show_default=True, help="Processes of each service and gateway."
)
@click.option("--detach", is_flag=True, help="Return when everything is healthy, and leave it running.")
def up(home: Home, port: int | None, host: str, replicas: int, detach: bool) -> None:
    """Start everything: PostgreSQL, NATS, the services and the gateway; Ctrl-C ends it.

    COMANDA_DATABASE_URL and COMANDA_NATS_URL name servers to use instead of own ones; the former must be an
    administrator's, who may create databases and logins.
    """
    if not detach:
        starting.become(home, port, host, replicas)
    try:
        starting.start(home, port, click.echo, host=host, replicas=replicas)
    except starting.AlreadyRunning:
        if not _is_healthy(home):
            raise
        click.echo(f"Comanda is up already, at {home.credentials()['base_url']}")


def _is_healthy(home: Home) -> bool:
    # Imported late: it loads gRPC.
    from comanda_cli.fleet.report import collect

    return collect(home).is_healthy
