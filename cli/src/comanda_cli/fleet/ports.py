"""The ports of a home: chosen at its first start and kept, so that addresses last."""

import socket
from collections.abc import Mapping

from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from comanda_cli.fleet.services import GATEWAY, OMIE, SERVICES, processes
from embedded.ports import free_port, is_free

FIRST_CHOICE = 8080
LOOPBACK = "127.0.0.1"

Ports = Mapping[str, int]


def choose(home: Home, wanted: int | None, host: str = LOOPBACK, replicas: int = 1) -> tuple[Ports, list[int]]:
    """Returns the port of everything that listens, with that many processes of each service, and keeps the choice.

    The gateway's, on an address of this machine, is the wanted one, else the one it had; raises FleetError when that is
    taken, or the address is none. The others are nobody's business: one that is taken is replaced.
    The descriptors that come with them hold the ports against other homes: between choosing and listening a port is
    free for everybody, and two homes that start at the same time would meet.
    """
    kept = home.read("ports") or {}
    held: list[int] = []
    if not is_free(0, host):
        raise FleetError(f"{host} is no address of this machine: name one that is with --host")
    ports = {GATEWAY: _gateway_port(wanted or kept.get(GATEWAY), held, host)}
    for name in _internal(replicas):
        ports[name] = _internal_port(kept.get(name), held)
    home.write("ports", kept | ports)
    return ports, held


def _internal(replicas: int) -> list[str]:
    services = [name for service in SERVICES for name in processes(service.name, replicas)]
    return [
        "postgres",
        "nats",
        OMIE,
        *services,
        *(f"{name}-metrics" for name in (*services, *processes(GATEWAY, replicas))),
    ]


def _gateway_port(asked: int | None, held: list[int], host: str) -> int:
    if asked is None:
        return _internal_port(FIRST_CHOICE, held, host)
    if not _take(asked, held, host):
        raise FleetError(f"port {asked} is taken: end the program that has it, or choose another one with --port")
    return asked


def _internal_port(kept: int | None, held: list[int], host: str = LOOPBACK) -> int:
    port = kept or free_port()
    while not _take(port, held, host):
        port = free_port()
    return port


def _take(port: int, held: list[int], host: str) -> bool:
    claim = socket.socket(socket.AF_UNIX)
    try:
        # A name without a file: it goes when the last process closes it, however that ends.
        claim.bind(f"\0comanda-port-{port}")
    except OSError:
        claim.close()
        return False
    if not is_free(port, host):
        claim.close()
        return False
    held.append(claim.detach())
    return True
