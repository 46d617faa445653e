"""The `comanda` command. Each subcommand is a module of its own, loaded when it is called: the others cost nothing."""

import importlib
import sys

import click

from comanda_cli.fleet.errors import FleetError
from embedded import EmbeddedError

# Name of the subcommand → (module:click command, help in a line).
COMMANDS = {
    "up": ("comanda_cli.up:up", "Start everything."),
    "down": ("comanda_cli.down:down", "End everything."),
    "status": ("comanda_cli.status:status", "Show what runs and how it is; exit 0 only when everything is healthy."),
    "logs": ("comanda_cli.logs:logs", "Show what the processes have to say."),
    "demo": ("comanda_cli.demo:demo", "Start everything and follow a first order through it."),
    "import": ("comanda_cli.imports:imports", "Bring real data in, through the public API."),
    "orders": ("comanda_cli.orders:orders", "Place orders, look at them, and move them."),
    "verify": ("comanda_cli.verify.command:verify", "Prove that the running system keeps its promises."),
    "bench": ("comanda_cli.bench.command:bench", "Measure, on a fleet made for it."),
    "compose": ("comanda_cli.containers.command:compose", "The same in containers."),
    "backup": ("comanda_cli.backup.commands:backup", "Write everything into one file, while it runs."),
    "restore": ("comanda_cli.backup.commands:restore", "Make a new home from such a file."),
    "business": ("comanda_cli.accounts:business", "Make businesses."),
    "keys": ("comanda_cli.accounts:keys", "Make API keys."),
    "customers": ("comanda_cli.counter:customers", "Look at customers and what they owe."),
    "day": ("comanda_cli.counter:day", "Close a storefront's business day."),
    "reservations": ("comanda_cli.reservations:reservations", "End reservations whose time is up."),
    "audit": ("comanda_cli.audit:audit", "Take the audit log out, and prove that nobody changed it."),
    "directives": ("comanda_cli.queues:directives", "Look at queued work, and retry it."),
    "erp": ("comanda_cli.erp.command:erp", "Look after the ERP, and prove what the bridge to it promises."),
    "dead-letters": ("comanda_cli.queues:dead_letters", "Look at messages that were given up, and replay them."),
}


class Commands(click.Group):
    """The subcommands of COMMANDS."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names them in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Loads one of them."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists them without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="comanda-cli", message="comanda %(version)s")
def comanda() -> None:
    """Comanda, an omnichannel order hub."""


def main() -> None:
    """Runs the command line; what the user can mend is said in one line."""
    try:
        comanda()
    except (FleetError, EmbeddedError) as error:
        sys.exit(f"comanda: {error}")
