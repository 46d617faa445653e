"""Finds the route of a path: by segments, a literal one before a variable."""

from collections.abc import Collection, Iterable
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
        node, values = self._node(raw_path)
        route = node.routes.get(verb)
        if route is None:
            raise WrongMethod(raw_path, verb, node.routes)
        return route, dict(zip(route.variables, values, strict=True))

    def allowed(self, raw_path: str) -> Collection[str]:
        """Returns the methods that a path takes; raises as `find` does."""
        return self._node(raw_path)[0].routes

    def _node(self, raw_path: str) -> "tuple[_Node, list[str]]":
        found = _end(self._root, _segments(raw_path), 0)
        if found is None:
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


def _end(node: _Node, segments: list[str], depth: int) -> "tuple[_Node, list[str]] | None":
    """Returns where a path leads, the most literal way first, with the values of its variables."""
    if depth == len(segments):
        return (node, []) if node.routes else None
    segment = segments[depth]
    if (literal := node.literal.get(segment)) and (found := _end(literal, segments, depth + 1)):
        return found
    if node.variable and segment and (found := _end(node.variable, segments, depth + 1)):
        found[1].insert(0, segment)
        return found
    return None
