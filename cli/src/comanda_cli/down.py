"""`comanda down`: ends everything."""

import click

from comanda_cli.fleet import ending
from comanda_cli.fleet.home import Home
from comanda_cli.options import home_option


@click.command()
@home_option
def down(home: Home) -> None:
    """End everything that runs in the home; its data stays."""
    click.echo("Everything has ended." if ending.end(home) else f"Nothing runs in {home.path}.")
