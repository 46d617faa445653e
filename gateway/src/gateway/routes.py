"""The REST routes, read from the descriptors: a new RPC with an annotation is a new route, and nothing is listed here."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from google.api import annotations_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message

import comanda
from comanda.types.v1 import options_pb2

RAW = "google.api.HttpBody"
VERBS = ("get", "post", "put", "patch", "delete")
SEGMENT = re.compile(r"[A-Za-z0-9._~-]+|\{[a-z][a-z0-9_]*\}")

PORTUGUESE = ("orders", "erp")


@dataclass(frozen=True, slots=True)
class Route:
    """One way into an RPC."""

    verb: str
    template: str
    """The path with its variables, such as `/api/v1/orders/{ref}`."""
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
    """The request field that holds the idempotency key; empty where the method changes nothing."""
    rest: options_pb2.Rest
    public: bool
    takes_revision: bool
    """Whether the request says which revision the caller saw."""
    streams: bool
    """Whether the method answers by a stream of responses."""
    headers: tuple[tuple[str, str], ...]
    """Fields of the request that headers fill: the field's name, and the header's in lower case."""

    @property
    def raw(self) -> bool:
        """Whether the body goes through as it is, since a signature is about its very bytes."""
        field: Any = self.request.DESCRIPTOR.fields_by_name.get(self.body)
        return bool(field and field.message_type and field.message_type.full_name == RAW)

    @property
    def default_language(self) -> str:
        """What a caller is told in who names no language (decision 71)."""
        return "pt" if self.context in PORTUGUESE else "en"

    @property
    def documents(self) -> Sequence[str]:
        """Media types in which the answer may come besides JSON; its field `document` has it then."""
        return self.rest.documents

    @property
    def feed(self) -> bool:
        """Whether the stream is one of server-sent events."""
        return bool(self.rest.feed.id_field)

    binding: int = 0
    """Which of its method's ways in it is; those after the first are aliases."""

    @property
    def segments(self) -> tuple[str, ...]:
        """Parts of the path; a variable is `{name}`."""
        return tuple(self.template[1:].split("/"))

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the path's variables."""
        return tuple(segment[1:-1] for segment in self.segments if segment.startswith("{"))


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
    for number, binding in enumerate((rule, *rule.additional_bindings)):
        for verb in VERBS:
            if template := getattr(binding, verb):
                yield replace(_route(method, options, binding, verb, template), binding=number)


def _route(method: MethodDescriptor, options: Any, binding: Any, verb: str, template: str) -> Route:
    service = method.containing_service
    if unsupported := [part for part in template[1:].split("/") if not SEGMENT.fullmatch(part)]:
        raise ValueError(f"{service.full_name}.{method.name}: this gateway has no path parts like {unsupported[0]}")
    return Route(
        verb=verb.upper(),
        template=template,
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
        takes_revision="expected_rev" in method.input_type.fields_by_name,
        streams=method.server_streaming,
        headers=tuple(
            (field.name, header.lower()) for field in method.input_type.fields if (header := header_of(field))
        ),
    )


def header_of(field: Any) -> str:
    """Returns the name of the header that fills a field; empty where none does."""
    return str(field.GetOptions().Extensions[options_pb2.header])
