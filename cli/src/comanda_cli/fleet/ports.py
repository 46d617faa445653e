"""The ports of a home: chosen at its first start and kept, so that addresses last."""

from collections.abc import Mapping

from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from comanda_cli.fleet.services import GATEWAY, SERVICES
from embedded.ports import free_port, is_free

FIRST_CHOICE = 8080
INTERNAL = [
    "postgres",
    "nats",
    f"{GATEWAY}-metrics",
    *(name for service in SERVICES for name in (service.name, f"{service.name}-metrics")),
]

Ports = Mapping[str, int]


def choose(home: Home, wanted: int | None) -> Ports:
    """Returns the port of everything that listens, and keeps the choice.

    The gateway's is the wanted one, else the one it had; raises FleetError when that is taken. The others are nobody's
    business: one that is taken is replaced.
    """
    kept = home.read("ports") or {}
    ports = {GATEWAY: _gateway_port(wanted, kept.get(GATEWAY))}
    for name in INTERNAL:
        ports[name] = _internal_port(kept.get(name), set(ports.values()))
    home.write("ports", ports)
    return ports


def _gateway_port(wanted: int | None, kept: int | None) -> int:
    port = wanted or kept
    if port is None:
        return FIRST_CHOICE if is_free(FIRST_CHOICE) else free_port()
    if not is_free(port):
        raise FleetError(f"port {port} is taken: end the program that has it, or choose another one with --port")
    return port


def _internal_port(kept: int | None, taken: set[int]) -> int:
    if kept and kept not in taken and is_free(kept):
        return kept
    while (port := free_port()) in taken:
        continue
    return port
