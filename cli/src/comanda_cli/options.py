"""Options that several subcommands share."""

from ipaddress import ip_address
from pathlib import Path

import click

from comanda_cli.fleet.home import Home


class HomeType(click.ParamType[Home]):
    """A directory, taken as a home."""

    name = "directory"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Home:
        """Makes the home of its path; it need not exist."""
        return value if isinstance(value, Home) else Home(Path(str(value)).resolve())


class Address(click.ParamType[str]):
    """An IP address."""

    name = "address"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuses what is none, a host's name too: it may stand for several."""
        try:
            return str(ip_address(str(value)))
        except ValueError:
            self.fail(f"{value} is no IP address, such as 127.0.0.1, 0.0.0.0, or ::", param, ctx)


home_option = click.option(
    "--home",
    type=HomeType(),
    envvar="COMANDA_HOME",
    default=".comanda",
    show_default=True,
    help="Directory that holds all state (COMANDA_HOME).",
)
key_option = click.option(
    "--api-key", envvar="COMANDA_API_KEY", help="Key of another business than the home's own (COMANDA_API_KEY)."
)
