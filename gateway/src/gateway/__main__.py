"""python -m gateway [serve]"""

import sys

import uvicorn

from gateway import pages, routes
from gateway.app import Gateway
from gateway.pages import Site
from gateway.router import Router
from gateway.upstream import Upstream
from kit import logs, metrics, server
from kit.settings import Settings

GRACE = 10


async def serve() -> None:
    """Serves until SIGTERM, then finishes what is under way."""
    settings = Settings()
    logs.configure("gateway", settings.log_level)
    metrics.expose(settings.metrics_listen)
    upstream, found = Upstream(settings), routes.discover()
    app = Gateway(Router(found), upstream, Site(upstream.health, pages.fixed(found)))
    host, _, port = settings.listen.rpartition(":")
    config = uvicorn.Config(
        app,
        host=host,
        port=int(port),
        http="httptools",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    await uvicorn.Server(config).serve()
    await upstream.close()


def main() -> None:
    """Runs the command that the argument names; `serve` is the only one."""
    if sys.argv[1:] not in ([], ["serve"]):
        sys.exit(f"usage: python -m gateway [serve], not {' '.join(sys.argv[1:])}")
    server.run(serve)


if __name__ == "__main__":
    main()
