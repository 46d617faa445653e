"""Ends the fleet of a home, in order if the supervisor still can, and in any case."""

import time

import psutil

from comanda_cli.fleet import leftovers
from comanda_cli.fleet.home import Home

# A supervisor that has not begun to end everything by then hangs.
REACTION_SECONDS = 5.0
# It gives each rank of programs its time.
END_SECONDS = 60.0
POLL_SECONDS = 0.05


def end(home: Home) -> bool:
    """Ends everything that runs in the home, and tells whether anything did; raises FleetError if that fails."""
    supervisors = leftovers.supervisors(home)
    for supervisor in supervisors:
        _ask(supervisor)
    leftovers.kill(supervisor for supervisor in supervisors if not _ends(home, supervisor))
    return leftovers.end(home) > 0 or bool(supervisors)


def _ask(supervisor: psutil.Process) -> None:
    try:
        supervisor.terminate()
        # One that was stopped with SIGSTOP would never notice.
        supervisor.resume()
    except psutil.NoSuchProcess:
        return


def _ends(home: Home, supervisor: psutil.Process) -> bool:
    began = time.monotonic()
    while supervisor.is_running() and supervisor.status() != psutil.STATUS_ZOMBIE:
        waited = time.monotonic() - began
        if waited > END_SECONDS or (waited > REACTION_SECONDS and not _has_reacted(home)):
            return False
        time.sleep(POLL_SECONDS)
    return True


def _has_reacted(home: Home) -> bool:
    state = home.read("state")
    return state is not None and state["supervisor"]["state"] not in ("starting", "running")
