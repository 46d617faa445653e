"""`comanda reservations`: stock that is held."""

from uuid import uuid4

import click

from comanda.inventory.v1 import reservations_pb2, reservations_pb2_grpc
from comanda_cli.calls import call, run
from comanda_cli.fleet.home import Home
from comanda_cli.options import home_option


@click.group()
def reservations() -> None:
    """Look after stock that is held."""


@reservations.command()
@click.option("--dry-run", is_flag=True, help="Only say how many there are.")
@home_option
def cleanup(home: Home, dry_run: bool) -> None:
    """End the reservations of all businesses whose time is up, as the service does by itself."""
    if dry_run:
        click.echo(f"{run(_cleanup(home, dry_run=True))} expired reservations would be released (dry-run).")
        return
    total = 0
    while count := run(_cleanup(home, dry_run=False)):
        total += count
    click.echo(f"Released {total} expired reservations.")


async def _cleanup(home: Home, dry_run: bool) -> int:
    request = reservations_pb2.CleanupReservationsRequest(dry_run=dry_run, request_id=uuid4().hex)
    stub = reservations_pb2_grpc.ReservationServiceStub
    return int((await call(home, "inventory", stub, "CleanupReservations", request)).released_count)
