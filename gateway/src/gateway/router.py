"""Finds the route of a path: by segments, a literal one before a variable."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from gateway.routes import Route
from kit.errors import Invalid, NotFound

BASE, VERSIONED = ["api"], ["api", "v1"]
SHOWN = 200


class WrongMethod(Invalid):
    """The path exists, but not for this method; `allowed` names those that it takes."""

    def __init__(self, path: str, method: str, allowed: Iterable[str]) -> None:
        super().__init__("method_not_allowed", path=path[:SHOWN], method=method, allowed=sorted(allowed))
        self.allowed: list[str] = self.context["allowed"]


@dataclass(slots=True)
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
        """Returns the route and the values of its variables.

        `/api/…` means `/api/v1/…`, and a trailing slash means nothing. Raises NotFound(`route_not_found`), WrongMethod, and
        Invalid(`invalid_url`) for escapes that are no text.
        """
        allowed: set[str] = set()
        for node, values in _ends(self._root, _segments(raw_path)):
            if route := node.routes.get(verb):
                return route, dict(zip(route.variables, values, strict=True))
            allowed.update(node.routes)
        if allowed:
            raise WrongMethod(raw_path, verb, allowed)
        raise NotFound("route_not_found", path=raw_path[:SHOWN])

    def allowed(self, raw_path: str) -> set[str]:
        """Returns the methods that a path takes; raises as `find` does."""
        found = {verb for node, _ in _ends(self._root, _segments(raw_path)) for verb in node.routes}
        if not found:
            raise NotFound("route_not_found", path=raw_path[:SHOWN])
        return found


def _segments(raw_path: str) -> list[str]:
    segments = raw_path.strip("/").split("/")
    if "%" in raw_path:
        segments = [_decoded(segment) for segment in segments]
    if segments[:1] == BASE and segments[:2] != VERSIONED:
        segments[:1] = VERSIONED
    return segments


def _decoded(segment: str) -> str:
    try:
        text = unquote(segment, errors="strict")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise Invalid("invalid_url")
    return text


def _ends(node: _Node, segments: list[str], depth: int = 0) -> Iterator[tuple[_Node, list[str]]]:
    """Yields where a path may lead, the most literal way first, each with the values of its variables."""
    if depth == len(segments):
        if node.routes:
            yield node, []
        return
    segment = segments[depth]
    if literal := node.literal.get(segment):
        yield from _ends(literal, segments, depth + 1)
    if node.variable and segment:
        for end, values in _ends(node.variable, segments, depth + 1):
            yield end, [segment, *values]
