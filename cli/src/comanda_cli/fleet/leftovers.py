"""Finds and ends what a fleet has left behind, whatever became of its supervisor."""

import os
from collections.abc import Iterable
from pathlib import Path

import psutil

from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from comanda_cli.fleet.processes import MARK

SUPERVISOR = "comanda_cli.fleet"
# A process whose supervisor died has been told so by the kernel: it may be writing its last things.
GRACE_SECONDS = 10.0


def members(home: Home) -> list[psutil.Process]:
    """Returns the running processes of the home's fleet, this one left out."""
    return [process for process in psutil.process_iter() if process.pid != os.getpid() and _belongs(process, home)]


def supervisors(home: Home) -> list[psutil.Process]:
    """Returns the home's supervisor, if it runs."""
    return [process for process in members(home) if _is_supervisor(process)]


def end(home: Home, grace_seconds: float = GRACE_SECONDS) -> int:
    """Waits for the members to end, kills those that do not, and returns how many there were.

    Raises FleetError when one cannot be killed.
    """
    found = members(home)
    _, stubborn = psutil.wait_procs(found, timeout=grace_seconds)
    kill(stubborn)
    _forget_postmaster(home)
    return len(found)


def kill(processes: Iterable[psutil.Process]) -> None:
    """Kills the processes and their children, and waits until they are gone."""
    doomed = [member for process in processes for member in _family(process)]
    for process in doomed:
        _kill(process)
    _, alive = psutil.wait_procs(doomed, timeout=GRACE_SECONDS)
    if alive:
        raise FleetError(f"process {alive[0].pid} cannot be killed: wait for its disk, or restart the machine")


def _forget_postmaster(home: Home) -> None:
    """Removes PostgreSQL's mark of a running server: after a crash its number may belong to somebody else by now."""
    mark = home.postgres / "postmaster.pid"
    if not mark.exists():
        return
    pid = int(mark.read_text().split()[0])
    if _works_in(pid, home.postgres):
        raise FleetError(f"process {pid}, which `comanda up` did not start, uses {home.postgres}: end it first")
    mark.unlink(missing_ok=True)


def _works_in(pid: int, directory: Path) -> bool:
    try:
        return psutil.Process(pid).cwd() == str(directory)
    except psutil.Error:
        return False


def _belongs(process: psutil.Process, home: Home) -> bool:
    try:
        return process.environ().get(MARK) == str(home.path) and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        # Another user's process, or one that has just ended: not ours.
        return False


def _is_supervisor(process: psutil.Process) -> bool:
    try:
        return SUPERVISOR in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return
