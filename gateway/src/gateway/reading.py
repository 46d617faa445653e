"""JSON to protobuf after the house's rules (docs/api.md): one closure for each message type, made from its descriptor.

A closure checks and turns JSON into what the message's constructor takes, so that one call in C builds the whole message.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from comanda.types.v1 import options_pb2
from gateway import scalars, wellknown
from gateway.scalars import Convert, within, wrong
from kit.errors import Invalid

LONGEST_NAME = 100
M = TypeVar("M", bound=Message)


def from_json(kind: type[M], value: Mapping[str, Any]) -> M:
    """Makes a message from parsed JSON; raises Invalid, naming the path, for unknown names and wrong values."""
    return kind(**reader(kind.DESCRIPTOR)(value))


@cache
def reader(descriptor: Descriptor) -> Convert:
    """Returns what turns JSON into the arguments of a message's constructor; raises TypeError for types without a rule."""
    if special := wellknown.READERS.get(descriptor.full_name):
        return special
    if descriptor.file.package == "google.protobuf":
        raise TypeError(f"{descriptor.full_name} has no rule for JSON")
    fields = {field.name: _field(field) for field in descriptor.fields}
    nullable = {field.name for field in descriptor.fields if _is(field, "google.protobuf.Value")}

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise wrong("object")
        found = {}
        for name, each in value.items():
            if name not in fields:
                raise Invalid("unknown_field", field=name[:LONGEST_NAME])
            if each is None and name not in nullable:
                continue
            try:
                found[name] = fields[name](each)
            except Invalid as error:
                raise within(name, error) from None
        return found

    return read


def _is(field: FieldDescriptor, full_name: str) -> bool:
    return bool(field.message_type and field.message_type.full_name == full_name and not field.is_repeated)


def _field(field: FieldDescriptor) -> Convert:
    if field.message_type and field.message_type.GetOptions().map_entry:
        return _map(field.message_type)
    one = _late(field.message_type) if field.message_type else scalars.reader(field)
    if not field.is_repeated:
        return one
    if field.message_type and (keyed := scalars.keyed(field)):
        return _keyed(_list(one), field.message_type, keyed)
    return _list(one)


def _late(descriptor: Descriptor) -> Convert:
    """Returns a message's reader, which is made when it is first needed: a message may hold itself."""
    return wellknown.READERS.get(descriptor.full_name) or (lambda value: reader(descriptor)(value))  # noqa: PLW0108  # late is the point


def _list(one: Convert) -> Convert:
    def read(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise wrong("list")
        found = []
        for each in value:
            try:
                found.append(one(each))
            except Invalid as error:
                raise within(f"[{len(found)}]", error) from None
        return found

    return read


def _keyed(many: Convert, one: Descriptor, keyed: options_pb2.Keyed) -> Convert:
    """Takes an object for the list of what its names and values stand for."""
    values = _map_of(_field(one.fields_by_name[keyed.value_field]))

    def read(value: Any) -> Any:
        if isinstance(value, dict):
            value = [{keyed.name_field: name, keyed.value_field: each} for name, each in values(value).items()]
        return many(value)

    return read


def _map(entry: Descriptor) -> Convert:
    if entry.fields_by_name["key"].type != FieldDescriptor.TYPE_STRING:
        raise TypeError(f"{entry.full_name}: JSON names are texts, so keys must be")
    return _map_of(_field(entry.fields_by_name["value"]))


def _map_of(one: Convert) -> Convert:
    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise wrong("object")
        found = {}
        for name, each in value.items():
            try:
                found[name] = one(each)
            except Invalid as error:
                raise within(name[:LONGEST_NAME], error) from None
        return found

    return read
