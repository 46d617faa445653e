"""Starts the fleet of a home: in this process, or in one of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import NoReturn

from comanda_cli.fleet import addresses, foreign, leftovers, ports, secrets
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from comanda_cli.fleet.ports import LOOPBACK
from comanda_cli.fleet.processes import MARK
from embedded.tether import tethered

Supervisor = subprocess.Popen[str]
# Stands before the reason in the supervisor's output when the start fails.
ERROR_PREFIX = "comanda: "


class AlreadyRunning(FleetError):
    """A supervisor has the home already."""


def become(home: Home, port: int | None, host: str = LOOPBACK, replicas: int = 1) -> NoReturn:
    """Turns this process into the supervisor of the home; returns only by raising FleetError."""
    held = _take(home, port, host, replicas)
    for descriptor in held:
        os.set_inheritable(descriptor, True)
    os.execve(sys.executable, _argv(home), _environment(home))


def start(
    home: Home,
    port: int | None,
    tell: Callable[[str], None],
    *,
    host: str = LOOPBACK,
    replicas: int = 1,
    bound: bool = False,
) -> Supervisor:
    """Starts a supervisor in the background and returns when everything is healthy; tell gets each line of progress.

    Every service, and the gateway, has that many processes. With bound=True the fleet ends when this process does.
    Raises FleetError with the reason when the start fails.
    """
    held = _take(home, port, host, replicas)
    argv = _argv(home, "detached")
    supervisor = subprocess.Popen(
        tethered(argv, signal.SIGTERM) if bound else argv,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=_environment(home), pass_fds=held, start_new_session=True,
    )  # fmt: skip
    for descriptor in held:
        os.close(descriptor)
    try:
        _follow(home, supervisor, tell)
    except BaseException:
        supervisor.terminate()
        supervisor.wait()
        raise
    return supervisor


def _take(home: Home, port: int | None, host: str, replicas: int) -> list[int]:
    """Locks the home, clears what a crash has left, and fixes ports and addresses.

    Returns the descriptors that hold home and ports: the supervisor inherits them and has both until it ends.
    """
    foreign.check()
    home.prepare()
    lock = home.lock()
    if lock is None:
        raise AlreadyRunning(f"{home.path} runs already: see `comanda status`, or end it with `comanda down`")
    leftovers.end(home)
    kept = secrets.load(home)
    chosen, held = ports.choose(home, port, host, replicas)
    addresses.plan(home, chosen, kept, host, replicas).keep(home)
    return [lock, *held]


def _follow(home: Home, supervisor: Supervisor, tell: Callable[[str], None]) -> None:
    reason = f"the supervisor ended: see {home.log('supervisor')}"
    with supervisor.stdout or nullcontext() as lines:
        for line in lines or ():
            if line.startswith(ERROR_PREFIX):
                reason = line.removeprefix(ERROR_PREFIX).strip()
            else:
                tell(line.rstrip())
    if not _is_up(home, supervisor.pid):
        raise FleetError(reason)


def _is_up(home: Home, pid: int) -> bool:
    state = home.read("state")
    return state is not None and state["supervisor"]["pid"] == pid and state["supervisor"]["state"] == "running"


def _argv(home: Home, *mode: str) -> list[str]:
    return [sys.executable, "-m", "comanda_cli.fleet", str(home.path), *mode]


def _environment(home: Home) -> dict[str, str]:
    return {**os.environ, MARK: str(home.path)}
