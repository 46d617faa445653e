"""What the processes of a fleet, and this one, have used of the machine."""

import psutil

from comanda_cli.fleet.home import Home
from comanda_cli.fleet.report import collect

CLIENT = "client"


def cpu_seconds(home: Home) -> dict[str, float]:
    """Returns the CPU seconds so far of every process of the fleet, its children included, and of this one as `client`."""
    state = home.read("state") or {"supervisor": {}, "processes": []}
    pids = {each["name"]: each["pid"] for each in (state["supervisor"], *state["processes"])}
    used = {name: _family(psutil.Process(pid)) for name, pid in pids.items()}
    # The supervisor is everybody's parent: what its living children use is theirs.
    used["supervisor"] = _own(psutil.Process(pids["supervisor"]))
    return {**used, CLIENT: _own(psutil.Process())}


def memory_megabytes(home: Home) -> dict[str, float]:
    """Returns the resident memory of the same processes; pages that processes share are divided among them."""
    used = {line.name: round(line.memory_bytes / 1e6, 1) for line in collect(home).lines}
    return {**used, CLIENT: round(psutil.Process().memory_info().rss / 1e6, 1)}


def _family(process: psutil.Process) -> float:
    """Sums up a process and its children, those that have ended too: PostgreSQL has a process for each connection."""
    times = process.cpu_times()
    ended: float = times.children_user + times.children_system
    return ended + sum(_own(member) for member in (process, *process.children(recursive=True)))


def _own(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
