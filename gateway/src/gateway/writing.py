"""Protobuf to JSON after the house's rules (docs/api.md): one closure for each message type, made from its descriptor."""

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from gateway import scalars, wellknown

Write = Callable[[Any], Any]


def to_json(message: Message) -> Any:
    """Returns a message as plain JSON values: every field present but what is kept from the caller, `_q` amounts as numbers, enums
    by their short names.
    """
    return writer(message.DESCRIPTOR)(message)


@cache
def writer(descriptor: Descriptor) -> Write:
    """Returns what turns messages of a type into JSON values.

    All fields are fetched by one call in C; only those that are not JSON already are looked at one by one.
    """
    if special := wellknown.WRITERS.get(descriptor.full_name):
        return special
    names = [field.name for field in descriptor.fields]
    fetch = attrgetter(*names) if len(names) > 1 else lambda message: [getattr(message, name) for name in names]
    special_ones = [(field.name, convert) for field in descriptor.fields if (convert := _field(field))]
    optional = [field.name for field in descriptor.fields if field.has_presence]
    restricted = {field.name for field in descriptor.fields if scalars.is_restricted(field)}

    def write(message: Any) -> dict[str, Any]:
        found = dict(zip(names, fetch(message), strict=True))
        for name in optional:
            if not message.HasField(name):
                if name in restricted:
                    del found[name]
                else:
                    found[name] = None
        for name, convert in special_ones:
            if found.get(name) is not None:
                found[name] = convert(found[name])
        return found

    return write


def _field(field: FieldDescriptor) -> Write | None:
    """Returns what turns a present field into JSON; None where there is nothing to do."""
    if field.message_type and field.message_type.GetOptions().map_entry:
        return _map(_field(field.message_type.fields_by_name["value"]) or _same)
    convert = _late(field.message_type) if field.message_type else scalars.writer(field)
    if not field.is_repeated:
        return convert
    return _list(convert) if convert else list


def _list(one: Write) -> Write:
    return lambda values: [one(value) for value in values]


def _map(one: Write) -> Write:
    return lambda entries: {str(key): one(entries[key]) for key in sorted(entries)}


def _late(descriptor: Descriptor) -> Write:
    """Returns a message's writer, which is made when it is first needed: a message may hold itself."""
    return wellknown.WRITERS.get(descriptor.full_name) or (lambda message: writer(descriptor)(message))  # noqa: PLW0108  # late is the point


def _same(value: Any) -> Any:
    return value
