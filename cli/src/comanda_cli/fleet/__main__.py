"""The supervisor's process: `python -m comanda_cli.fleet HOME [detached]`, started by `comanda up`.

It inherits the descriptors that hold the home and its ports; its own children do not.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path

from comanda_cli.fleet import addresses, processes, secrets
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from comanda_cli.fleet.plan import Plan
from comanda_cli.fleet.supervisor import supervise
from embedded import EmbeddedError


def main(path: str, mode: str = "") -> None:
    """Runs the fleet of a home until it is told to end."""
    home = Home(Path(path))
    _log_to(home.log("supervisor"))
    try:
        asyncio.run(run(home, _plan(home), detached=mode == "detached"))
    except (FleetError, EmbeddedError) as error:
        logging.getLogger("comanda").error("comanda: %s", error)
        sys.exit(1)


async def run(home: Home, plan: Plan, *, detached: bool) -> None:
    """Runs the fleet; when it is up, greets, and lets go of the terminal if it is detached."""
    up = asyncio.Event()
    greeter = asyncio.create_task(_greet(up, plan.greeting, detached=detached))
    try:
        await supervise(home, plan, up)
    finally:
        greeter.cancel()


async def _greet(up: asyncio.Event, greeting: Sequence[str], *, detached: bool) -> None:
    await up.wait()
    for line in greeting:
        logging.getLogger("comanda").info("%s", line)
    if detached:
        _let_go_of_terminal()


def _plan(home: Home) -> Plan:
    return processes.plan(home, home.read("ports") or {}, secrets.load(home), addresses.kept(home))


def _log_to(file: Path) -> None:
    terminal = logging.StreamHandler(sys.stdout)
    kept = RotatingFileHandler(file, maxBytes=1024 * 1024, backupCount=1)
    kept.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    # Python would tell of a log that cannot be written on the terminal, at the length of a traceback.
    logging.raiseExceptions = False
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[terminal, kept])


def _let_go_of_terminal() -> None:
    """Closes the pipe to `comanda up --detach`, which takes the end of it for success."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (1, 2):
        os.dup2(nothing, descriptor)


if __name__ == "__main__":
    main(*sys.argv[1:])
