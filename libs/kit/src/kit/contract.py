"""What the contract says of a method beyond its types, read from the descriptors once."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message

from comanda.types.v1 import options_pb2

ALWAYS = frozenset({options_pb2.ROLE_OWNER, options_pb2.ROLE_ADMIN, options_pb2.ROLE_SERVICE})


@dataclass(frozen=True, slots=True)
class Method:
    """One RPC: who may call it and how it is made safe to repeat."""

    path: str
    operation: str
    roles: frozenset[int]
    public: bool
    key_field: str
    scope_field: str
    response: type[Message]

    @property
    def context(self) -> str:
        """The context that the method belongs to, such as `orders`."""
        return self.path.split(".")[1]

    @property
    def writes(self) -> bool:
        """Whether the method changes anything."""
        return bool(self.key_field)

    @property
    def scope_names(self) -> tuple[str, ...]:
        """The scopes of a credential, such as `orders:write`, any of which lets it call the method; the first is the least."""
        return (f"{self.context}:write",) if self.writes else (f"{self.context}:read", f"{self.context}:write")

    def key(self, request: Message) -> str:
        """Returns the caller's idempotency key; empty when he gave none."""
        return getattr(request, self.key_field) if self.key_field else ""

    def scope(self, request: Message) -> str:
        """Returns the key space that the request's key lives in."""
        return f"{self.operation}:{getattr(request, self.scope_field)}" if self.scope_field else self.operation


@cache
def method(path: str) -> Method | None:
    """Returns the method at a gRPC path (`/package.Service/Method`); None when it is not one of ours."""
    if not path.startswith("/comanda."):
        return None
    service, name = path[1:].rsplit("/", 1)
    descriptor: MethodDescriptor = descriptor_pool.Default().FindMethodByName(f"{service}.{name}")
    options: Any = descriptor.GetOptions()
    internal = options.Extensions[options_pb2.internal]
    idempotency = options.Extensions[options_pb2.idempotency]
    return Method(
        path=path,
        operation=name,
        roles=frozenset({options_pb2.ROLE_SERVICE})
        if internal
        else ALWAYS | set(options.Extensions[options_pb2.allow]),
        public=options.Extensions[options_pb2.public],
        key_field=idempotency.key_field,
        scope_field=idempotency.scope_field,
        response=message_factory.GetMessageClass(descriptor.output_type),
    )


def topics(message: type[Message]) -> list[str]:
    """Returns the directive topic of a message type and its other names; raises KeyError when it is no directive."""
    options: Any = message.DESCRIPTOR.GetOptions()
    return [topic(message), *options.Extensions[options_pb2.directive].aliases]


def topic(message: type[Message]) -> str:
    """Returns the directive topic of a message type; raises KeyError when it is no directive."""
    options: Any = message.DESCRIPTOR.GetOptions()
    if not (name := options.Extensions[options_pb2.directive].topic):
        raise KeyError(message.DESCRIPTOR.full_name)
    return str(name)


def redacted(message: Message) -> str:
    """Returns the message as one line for a log, with the values of sensitive fields left out."""
    copy = type(message)()
    copy.CopyFrom(message)
    _redact(copy)
    return str(copy).replace("\n", " ").strip()


def _redact(message: Message) -> None:
    for field, value in message.ListFields():
        options: Any = field.GetOptions()
        if options.Extensions[options_pb2.sensitive]:
            message.ClearField(field.name)
        elif (
            field.type == FieldDescriptor.TYPE_MESSAGE
            and field.message_type
            and not field.message_type.GetOptions().map_entry
        ):
            for each in value if field.is_repeated else [value]:
                _redact(each)
