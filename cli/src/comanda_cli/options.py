"""Options that several subcommands share."""

from pathlib import Path

import click

from comanda_cli.fleet.home import Home


class HomeType(click.ParamType[Home]):
    """A directory, taken as a home."""

    name = "directory"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Home:
        """Makes the home of its path; it need not exist."""
        return value if isinstance(value, Home) else Home(Path(str(value)).resolve())


home_option = click.option(
    "--home",
    type=HomeType(),
    envvar="COMANDA_HOME",
    default=".comanda",
    show_default=True,
    help="Directory that holds all state (COMANDA_HOME).",
)
