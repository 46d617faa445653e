"""Finds the route of a path: by segments, a literal one before a variable."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from gateway.routes import Route
from kit.errors import NotFound

BASE, VERSIONED = ["api"], ["api", "v1"]


class WrongMethod(Exception):
    """The path exists, but not for this method."""

    def __init__(self, allowed: Iterable[str]) -> None:
        super().__init__()
        self.allowed = sorted(allowed)


@dataclass
class _Node:
    literal: "dict[str, _Node]" = field(default_factory=dict)
    variable: "_Node | None" = None
    routes: dict[str, Route] = field(default_factory=dict)


class Router:
    """A tree of path segments."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        node = self._root
        for segment in route.segments:
            if segment.startswith("{"):
                node.variable = node.variable or _Node()
                node = node.variable
            else:
                node = node.literal.setdefault(segment, _Node())
        if route.verb in node.routes:
            raise ValueError(f"{route.verb} {route.template} belongs to two methods")
        node.routes[route.verb] = route

    def find(self, verb: str, raw_path: str) -> tuple[Route, dict[str, str]]:
        """Returns the route and the values of its variables; raises NotFound(`route_not_found`) or WrongMethod.

        `/api/…` means `/api/v1/…`, and a trailing slash means nothing.
        """
        segments = [unquote(segment) for segment in raw_path.strip("/").split("/")]
        if segments[:1] == BASE and segments[:2] != VERSIONED:
            segments = [*VERSIONED, *segments[1:]]
        ends = list(_ends(self._root, segments))
        for node in ends:
            if route := node.routes.get(verb):
                values = (given for given, segment in zip(segments, route.segments, strict=True) if segment[0] == "{")
                return route, dict(zip(route.variables, values, strict=True))
        if ends:
            raise WrongMethod({verb for node in ends for verb in node.routes})
        raise NotFound("route_not_found", path=raw_path)


def _ends(node: _Node, segments: list[str]) -> Iterable[_Node]:
    if not segments:
        if node.routes:
            yield node
        return
    if literal := node.literal.get(segments[0]):
        yield from _ends(literal, segments[1:])
    if node.variable and segments[0]:
        yield from _ends(node.variable, segments[1:])
