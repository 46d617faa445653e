"""What needs no credential: health, the OpenAPI document, the reference for people."""

import time
from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import version

import orjson

from gateway import openapi, reference
from gateway.responses import Response
from gateway.routes import Route

HEALTH_SECONDS = 1.0
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def fixed(routes: Sequence[Route]) -> dict[str, Response]:
    """Returns the documents that the routes make."""
    document = openapi.document(routes)
    page = reference.render(document).encode()
    html = Response(200, page, "text/html; charset=utf-8", {"content-security-policy": POLICY})
    return {"/openapi.json": Response(200, orjson.dumps(document)), "/docs": html}


class Site:
    """A few fixed pages."""

    def __init__(self, health: Callable[[], Awaitable[dict[str, str]]], fixed: dict[str, Response]) -> None:
        self._health = health
        self._fixed = fixed
        self._known: tuple[float, Response] = (0.0, Response(503, b""))

    async def find(self, path: str) -> Response | None:
        """Returns the page at a path; None where there is none."""
        return await self._healthy() if path in ("/health", "/api/health") else self._fixed.get(path)

    async def _healthy(self) -> Response:
        """Asks the services at most once a second, however often it is asked itself."""
        until, response = self._known
        if until < time.monotonic():
            services = await self._health()
            healthy = all(state == "healthy" for state in services.values())
            status = "healthy" if healthy else "unhealthy"
            body = {"status": status, "version": version("comanda-gateway"), "services": services}
            response = Response(200 if healthy else 503, orjson.dumps(body))
            self._known = (time.monotonic() + HEALTH_SECONDS, response)
        return response
