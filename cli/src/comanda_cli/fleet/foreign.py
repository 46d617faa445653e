"""Servers that exist already, as COMANDA_DATABASE_URL and COMANDA_NATS_URL name them."""

import os
import socket
from urllib.parse import urlsplit

from comanda_cli.fleet.errors import FleetError

POSTGRES = ("postgresql://", "postgres://")
NATS_PORT = 4222
REACH_SECONDS = 10


def check() -> None:
    """Raises FleetError, saying what to do, where a server cannot be meant or the broker does not answer.

    Nothing else would say so before a minute of waiting. PostgreSQL answers when its databases are prepared.
    """
    database, broker = os.environ.get("COMANDA_DATABASE_URL"), os.environ.get("COMANDA_NATS_URL")
    if database and not database.startswith(POSTGRES):
        raise FleetError("COMANDA_DATABASE_URL is no URL like postgresql://postgres:password@host:5432/postgres")
    if broker:
        from kit import streams  # late: it loads the client of NATS, which most starts do not need

        _reach(streams.servers(broker))


def _reach(urls: list[str]) -> None:
    reasons = []
    for url in urls:
        try:
            parts = urlsplit(url if "://" in url else f"nats://{url}")
            socket.create_connection((parts.hostname or "", parts.port or NATS_PORT), REACH_SECONDS).close()
        except (OSError, ValueError) as error:
            reasons.append(str(error))
        else:
            return
    raise FleetError(f"COMANDA_NATS_URL names no server that answers ({'; '.join(reasons)}): start it, or name another")
