"""Options that several subcommands share."""

from ipaddress import ip_address
from pathlib import Path
from typing import Any

import click

from comanda_cli.fleet.home import Home


class HomeType(click.ParamType[Home]):
    """A directory, taken as a home."""

    name = "directory"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Home:
        """Makes the home of its path; it need not exist. Raises FleetError when this user cannot read it."""
        if isinstance(value, Home):
            return value
        home = Home(Path(str(value)).resolve())
        home.check_readable()
        return home


class Source(click.Path):
    """A file that can be read more than once."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Returns its path; refuses pipes and devices."""
        path: Path = super().convert(value, param, ctx)  # type: ignore[assignment]  # as path_type says
        if not path.is_file():
            self.fail(f"{path} can be read only once: write what comes out of it to a file, and name that", param, ctx)
        return path


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
