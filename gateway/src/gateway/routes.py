"""The REST routes, read from the descriptors: a new RPC with an annotation is a new route, and nothing is listed here."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from google.api import annotations_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message

import comanda
from comanda.types.v1 import options_pb2

VERBS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Route:
    """One way into an RPC."""

    verb: str
    segments: tuple[str, ...]
    """Parts of the path; a variable is `{name}`."""
    body: str
    """`*`, the name of the request field that the body fills, or empty where there is no body."""
    response_body: str
    context: str
    """Which service answers: the second part of the package, such as `orders`."""
    path: str
    """The gRPC path."""
    descriptor: MethodDescriptor
    request: type[Message]
    response: type[Message]
    key_field: str
    rest: options_pb2.Rest
    public: bool

    @property
    def template(self) -> str:
        """The path with its variables, such as `/api/v1/orders/{ref}`."""
        return "/" + "/".join(self.segments)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the path's variables."""
        return tuple(segment[1:-1] for segment in self.segments if segment.startswith("{"))

    @property
    def takes_revision(self) -> bool:
        """Whether the request says which revision the caller saw."""
        return "expected_rev" in self.request.DESCRIPTOR.fields_by_name


def discover() -> list[Route]:
    """Returns the routes of every package of the contract."""
    return [route for method in methods() for route in _routes(method)]


def methods() -> Iterator[MethodDescriptor]:
    """Yields every RPC of the contract, by file."""
    for name in modules():
        for service in import_module(name).DESCRIPTOR.services_by_name.values():
            yield from service.methods


def modules() -> list[str]:
    """Returns the names of the contract's generated modules; namespace packages have no other index than their folders."""
    found = set()
    for folder in map(Path, comanda.__path__):
        for file in folder.rglob("*_pb2.py"):
            found.add(".".join(("comanda", *file.relative_to(folder).with_suffix("").parts)))
    return sorted(found)


def _routes(method: MethodDescriptor) -> Iterator[Route]:
    options: Any = method.GetOptions()
    rule = options.Extensions[annotations_pb2.http]
    for binding in (rule, *rule.additional_bindings):
        for verb in VERBS:
            if template := getattr(binding, verb):
                yield _route(method, options, binding, verb, template)


def _route(method: MethodDescriptor, options: Any, binding: Any, verb: str, template: str) -> Route:
    service = method.containing_service
    return Route(
        verb=verb.upper(),
        segments=tuple(template.strip("/").split("/")),
        body=binding.body,
        response_body=binding.response_body,
        context=service.full_name.split(".")[1],
        path=f"/{service.full_name}/{method.name}",
        descriptor=method,
        request=message_factory.GetMessageClass(method.input_type),
        response=message_factory.GetMessageClass(method.output_type),
        key_field=options.Extensions[options_pb2.idempotency].key_field,
        rest=options.Extensions[options_pb2.rest],
        public=options.Extensions[options_pb2.public],
    )
