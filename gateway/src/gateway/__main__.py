"""python -m gateway [serve]"""

import asyncio
import signal
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import structlog
import uvicorn

from gateway import https, pages, routes
from gateway.app import Gateway
from gateway.limits import Limits
from gateway.protocol import Protocol
from gateway.router import Router
from gateway.settings import Settings
from gateway.upstream import Upstream
from kit import logs, metrics, server, tracing

LOG = structlog.get_logger()
GRACE = 10
KEEP_ALIVE = 75
"""Seconds that an idle connection stays open: longer than clients and proxies keep theirs, so that they hang up first."""


class Server(uvicorn.Server):
    """uvicorn's server, but its end is not the end of the process: it does not raise the signal again that ended it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Lets SIGTERM and SIGINT end the serving; a second SIGINT ends it at once."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends the streams, which would not end by themselves, and waits for the rest."""
        cast("Gateway", self.config.app).leave()
        await super().shutdown(sockets)


async def serve() -> None:
    """Serves until SIGTERM or SIGINT, then finishes what is under way."""
    settings = Settings()
    logs.configure("gateway", settings.log_level)
    provider = tracing.configure("gateway")
    metrics.expose(settings.metrics_listen)
    upstream, shown = Upstream(settings), https.context(settings)
    try:
        serving = config(application(upstream, settings), settings.listen, shown)
        async with https.renewed(shown, settings):
            await Server(serving).serve(sockets=[shared_socket(serving)] if settings.share_port else None)
    finally:
        await upstream.close()
        if provider:
            provider.shutdown()
    LOG.info("drained")


def application(upstream: Upstream, settings: Settings) -> Gateway:
    """Returns the application in front of the services."""
    found = routes.discover()
    site = pages.Site(pages.all_pages(found, upstream.health))
    return Gateway(Router(found), upstream, site, Limits(settings.allowances()))


def config(app: Gateway, listen: str, shown: ssl.SSLContext | None = None) -> uvicorn.Config:
    """Returns how uvicorn serves: on host:port, by the fastest parser, with nothing logged that is no failure."""
    host, _, port = listen.rpartition(":")  # an IPv6 address stands in brackets
    return uvicorn.Config(
        app,
        host=host.strip("[]"),
        port=int(port),
        http=Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        ssl_context_factory=(lambda *_: shown) if shown else None,
    )


def shared_socket(serving: uvicorn.Config) -> socket.socket:
    """Returns a socket that listens where other gateways may listen, too."""
    family = socket.AF_INET6 if ":" in serving.host else socket.AF_INET
    return socket.create_server((serving.host, serving.port), family=family, backlog=serving.backlog, reuse_port=True)


def main() -> None:
    """Runs the command that the argument names; `serve` is the only one."""
    if sys.argv[1:] not in ([], ["serve"]):
        sys.exit(f"usage: python -m gateway [serve], not {' '.join(sys.argv[1:])}")
    server.run(serve)


if __name__ == "__main__":
    main()
