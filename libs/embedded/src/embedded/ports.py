"""Free TCP ports on the loopback interface."""

import random
import socket

# Below the range that the kernel gives to outgoing connections: a server that restarts must find its port free.
LOWEST, HIGHEST = 20_000, 32_000


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Tells whether a server could listen on the port of an address of this machine now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # As servers do: connections of a server that has just ended do not block its port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """Returns a port that nobody listens on; nothing keeps it free until it is used."""
    while True:
        port = random.randint(LOWEST, HIGHEST)
        if is_free(port):
            return port
