"""What the proto files say of their elements: the comments, by full name, from the descriptor image beside the generated code."""

from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

from google.protobuf import descriptor_pb2

Named = tuple[str, tuple[int, ...]]
F = descriptor_pb2.FileDescriptorProto


@cache
def comments() -> dict[str, str]:
    """Returns the comment of every message, field, enum value, service, and method."""
    image = descriptor_pb2.FileDescriptorSet()
    image.ParseFromString((resources.files("comanda") / "image.binpb").read_bytes())
    return {name: text for file in image.file if file.package.startswith("comanda.") for name, text in _of_file(file)}


def _of_file(file: F) -> Iterator[tuple[str, str]]:
    texts = {tuple(place.path): " ".join(place.leading_comments.split()) for place in file.source_code_info.location}
    for name, path in _elements(file):
        if text := texts.get(path):
            yield f"{file.package}.{name}", text


def _elements(file: F) -> Iterator[Named]:
    groups = (
        (F.MESSAGE_TYPE_FIELD_NUMBER, file.message_type, descriptor_pb2.DescriptorProto.FIELD_FIELD_NUMBER, "field"),
        (F.ENUM_TYPE_FIELD_NUMBER, file.enum_type, descriptor_pb2.EnumDescriptorProto.VALUE_FIELD_NUMBER, "value"),
        (F.SERVICE_FIELD_NUMBER, file.service, descriptor_pb2.ServiceDescriptorProto.METHOD_FIELD_NUMBER, "method"),
    )
    for number, parents, inner, children in groups:
        yield from _named(number, parents, inner, children)


def _named(number: int, parents: Any, inner: int, children: str) -> Iterator[Named]:
    for index, parent in enumerate(parents):
        yield parent.name, (number, index)
        for place, child in enumerate(getattr(parent, children)):
            yield f"{parent.name}.{child.name}", (number, index, inner, place)
