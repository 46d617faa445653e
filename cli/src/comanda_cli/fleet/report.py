"""What runs in a home and how it is: the facts behind `comanda status`."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import psutil

from comanda_cli.fleet import addresses
from comanda_cli.fleet.health import gateway_is_healthy, service_is_healthy, web_is_healthy
from comanda_cli.fleet.home import Home
from comanda_cli.fleet.services import GATEWAY, OMIE, processes
from embedded import nats, postgres


@dataclass(frozen=True)
class Line:
    """One process. State is `healthy`, `unhealthy` (runs and does not answer well), or the supervisor's word for it."""

    name: str
    pid: int | None
    state: str
    started_at: float | None
    restarts: int
    last_exit: str | None
    last_exit_at: float | None
    memory_bytes: int

    @property
    def is_healthy(self) -> bool:
        """Whether it runs and answers well."""
        return self.state == "healthy"


@dataclass(frozen=True)
class Report:
    """The processes of a home, supervisor first; none when nothing runs."""

    lines: list[Line]
    error: str | None = None

    @property
    def is_healthy(self) -> bool:
        """Whether everything that should run does, and is healthy."""
        return bool(self.lines) and all(line.is_healthy for line in self.lines)


def collect(home: Home) -> Report:
    """Looks at every process of the home, and asks each that can answer for its health."""
    state = home.read("state")
    if state is None or not home.is_running():
        return Report([], state["error"] if state else None)
    with ThreadPoolExecutor(len(state["processes"]) + 1) as pool:
        lines = list(pool.map(lambda process: _line(process, _check(home, process["name"])), state["processes"]))
    return Report([_supervisor_line(state["supervisor"]), *lines], state["error"])


def _check(home: Home, name: str) -> Callable[[], bool]:
    where = addresses.kept(home)
    ports = home.read("ports") or {}
    if name in processes(GATEWAY, where.replicas):
        return lambda: _answers(where, name) and gateway_is_healthy(where.base_url)
    if name == OMIE:
        return lambda: web_is_healthy(where.omie_simulator)
    if name == "postgres":
        return lambda: postgres.is_ready(ports[name])
    if name == "nats":
        return lambda: nats.is_ready(ports[name])
    return lambda: service_is_healthy(where.grpc[name])


def _answers(where: addresses.Addresses, gateway: str) -> bool:
    """Tells apart gateways on one port, where any may answer for another: each has a page of metrics of its own."""
    return where.replicas == 1 or web_is_healthy(f"http://{where.metrics[gateway]}")


def _line(process: dict[str, Any], is_healthy: Callable[[], bool]) -> Line:
    word = process["state"]
    if word == "running":
        word = "healthy" if is_healthy() else "unhealthy"
    return Line(**{**process, "state": word}, memory_bytes=_family_memory(process["pid"]))


def _supervisor_line(supervisor: dict[str, Any]) -> Line:
    word = "healthy" if supervisor["state"] == "running" else supervisor["state"]
    started_at, pid = supervisor["started_at"], supervisor["pid"]
    return Line("supervisor", pid, word, started_at, 0, None, None, _memory(psutil.Process(pid)))


def _family_memory(pid: int | None) -> int:
    if pid is None:
        return 0
    try:
        process = psutil.Process(pid)
        return sum(_memory(member) for member in (process, *process.children(recursive=True)))
    except psutil.NoSuchProcess:
        return 0


def _memory(process: psutil.Process) -> int:
    """Returns the bytes of a process; a page that several processes share is divided among them (PSS)."""
    try:
        size: int = process.memory_full_info().pss
    except psutil.Error:
        return 0
    return size
