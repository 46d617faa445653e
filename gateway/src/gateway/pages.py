"""What needs no credential: health, the OpenAPI document, the reference for people."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import orjson

from gateway import openapi, reference, responses
from gateway.responses import Response
from gateway.router import WrongMethod
from gateway.routes import Route

HEALTH_SECONDS = 1.0
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Lets the reference load nothing but itself."""


@dataclass(frozen=True, slots=True)
class Page:
    """Something to look at under a path."""

    path: str
    make: Callable[[], Awaitable[Response]]

    async def answer(self, verb: str) -> Response:
        """Returns the page, or what may be done with it; raises WrongMethod for anything but looking."""
        if verb == "OPTIONS":
            return responses.options(["GET"])
        if verb != "GET":
            raise WrongMethod(self.path, verb, ["GET"])
        return await self.make()


class Site:
    """All pages, by path."""

    def __init__(self, pages: Iterable[Page]) -> None:
        self._pages = {page.path: page for page in pages}

    def find(self, raw_path: str) -> Page | None:
        """Returns the page at a path, with or without a trailing slash; None where there is none."""
        return self._pages.get(raw_path) or self._pages.get(raw_path.rstrip("/"))


def all_pages(routes: Sequence[Route], ask: Callable[[], Awaitable[dict[str, str]]]) -> list[Page]:
    """Returns every page; `ask` asks the services how they are."""

    def document() -> Response:
        return Response(200, orjson.dumps(openapi.document(routes)))

    def people() -> Response:
        page = reference.render(openapi.document(routes)).encode()
        return Response(200, page, "text/html; charset=utf-8", {"content-security-policy": POLICY})

    def alive() -> Response:
        return Response(200, orjson.dumps({"status": "alive"}))

    asked = [health(path, ask) for path in ("/health", "/api/health", "/api/v1/health")]
    return [*asked, fixed("/health/live", alive), fixed("/openapi.json", document), fixed("/docs", people)]


def fixed(path: str, make: Callable[[], Response]) -> Page:
    """A page that is made when it is first looked at, and then kept."""
    made: list[Response] = []

    async def show() -> Response:
        if not made:
            made.append(make())
        return Response(made[0].status, made[0].body, made[0].content_type, dict(made[0].headers))

    return Page(path, show)


def health(path: str, ask: Callable[[], Awaitable[dict[str, str]]]) -> Page:
    """The page that says how the services are; it asks them at most once a second, however often it is looked at."""
    known: tuple[float, asyncio.Future[dict[str, str]] | None] = (0.0, None)

    async def show() -> Response:
        nonlocal known
        until, asked = known
        if asked is None or until < time.monotonic():
            asked = asyncio.ensure_future(ask())
            known = (time.monotonic() + HEALTH_SECONDS, asked)
        services = await asyncio.shield(asked)
        status = "healthy" if all(state == "healthy" for state in services.values()) else "unhealthy"
        body = {"status": status, "version": version("comanda-gateway"), "services": services}
        return Response(200 if status == "healthy" else 503, orjson.dumps(body))

    return Page(path, show)
