"""python -m gateway.catalogue: the events and directives of the contract, as a page for people (docs/events.md)."""

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

import orjson
from google.protobuf.descriptor import FieldDescriptor

from comanda.types.v1 import messaging_pb2, options_pb2
from gateway import examples
from gateway.comments import comments
from gateway.routes import modules

TITLES = {"orders": "Orders", "inventory": "Inventory", "sales": "Sales", "erp": "ERP", "types": "Everywhere"}
NAMES = {
    value: name.removeprefix("TYPE_").lower()
    for name, value in vars(FieldDescriptor).items()
    if name.startswith("TYPE_")
}
"""The scalar types as proto files call them."""
HEAD = """# Events and directives

Written by `make events` from the comments in `protos/`; do not edit it here.

Whatever happens leaves as an **event**: a fact in the past, published to NATS JetStream once, and only if, the transaction that
wrote it has committed. What one service asks of another is a **directive** (`GET /api/v1/directives` shows them). Both travel in an
envelope, on a subject that names the kind, the type, and the business:

    {prefix}.events.{type}.{business id}
    {prefix}.directives.{type}.{business id}

The prefix is `comanda` unless `COMANDA_STREAM_PREFIX` says otherwise. Messages about one thing (the envelope's `aggregate`) are
published in the order in which they were written. Delivery is at least once: a receiver keeps the envelope's `id` and leaves out
what it has seen. Payloads are protobuf; the examples show them as JSON.
"""
SAMPLES = {
    "REF": "ORD-20261120-7KQM2XAB",
    "ORDER_REF": "ORD-20261120-7KQM2XAB",
    "CHANNEL_CODE": "web",
    "SESSION_KEY": "SESS-7KQM2XABCDEF",
    "EXTERNAL_REF": "IF-0042",
    "PREVIOUS_STATUS": "new",
    "STATUS": "confirmed",
    "REASON": "paid",
    "CURRENCY": "BRL",
    "SKU": "CAFE",
    "NAME": "Café",
    "LOCATION": "loja",
    "CODE": "loja",
    "TIMEZONE": "America/Sao_Paulo",
    "ERROR_CODE": "timeout",
    "ID": "0199f3a2-7c1e-7a44-9a53-1c2d3e4f5a6b",
    "BUSINESS_ID": "0199f3a2-7c1e-7a44-9a53-1c2d3e4f5a6b",
    "DIRECTIVE_ID": "0199f3a2-7c1e-7a44-9a53-1c2d3e4f5a6b",
    "HOLD_ID": "0199f3a2-7c1e-7a44-9a53-1c2d3e4f5a6b",
    "TRACEPARENT": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "PAYLOAD": "CgNSRUYSA3dlYg==",
}
"""What stands in the examples for texts that are made up from a field's name."""


def document() -> str:
    """Returns the page."""
    found = [message for name in modules() for message in _messages(name)]
    events = [each for each in found if ".events." in each.full_name]
    directives = [each for each in found if each.GetOptions().Extensions[options_pb2.directive].topic]
    parts = [HEAD, _section(messaging_pb2.Envelope.DESCRIPTOR, "## The envelope", "")]
    for context, title in TITLES.items():
        own = [each for each in events if each.full_name.split(".")[1] == context]
        parts += [f"## Events of {title}\n"] * bool(own) + [_event(each) for each in own]
    parts += ["## Directives\n", *map(_directive, directives)]
    return "\n".join(parts)


def _messages(name: str) -> Iterator[Any]:
    """Yields the messages of a module that stand for themselves, and are no part of others."""
    found: Any = import_module(name).DESCRIPTOR.message_types_by_name.values()
    parts = {field.message_type.full_name for message in found for field in message.fields if field.message_type}
    yield from (message for message in found if message.full_name not in parts)


def _event(message: Any) -> str:
    subject = f"Subject: `{{prefix}}.events.{message.full_name}.{{business id}}`\n"
    return _section(message, f"### {message.name}", subject)


def _directive(message: Any) -> str:
    rule = message.GetOptions().Extensions[options_pb2.directive]
    also = f" (also `{'`, `'.join(rule.aliases)}`)" if rule.aliases else ""
    executor = TITLES[message.full_name.split(".")[1]]
    return _section(message, f"### `{rule.topic}`{also}", f"`{message.full_name}`, executed by {executor}.\n")


def _section(message: Any, title: str, about: str) -> str:
    example = orjson.dumps(_sampled(examples.whole(message)), option=orjson.OPT_INDENT_2).decode()
    rows = "\n".join(_rows(message.fields))
    text = comments().get(message.full_name, "")
    fields = f"| field | type | meaning |\n|---|---|---|\n{rows}\n" if rows else "It has no fields.\n"
    return f"{title}\n\n{text}\n\n{about}\n{fields}\n```json\n{example}\n```\n".replace("\n\n\n", "\n\n")


def _sampled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sampled(each) for name, each in value.items()}
    return [_sampled(each) for each in value] if isinstance(value, list) else SAMPLES.get(value, value)


def _rows(fields: Iterable[Any], prefix: str = "") -> Iterator[str]:
    for field in fields:
        text = comments().get(field.full_name, "").replace("|", "\\|")
        yield f"| `{prefix}{field.name}` | {_type(field)} | {text} |"
        inside = field.message_type
        if inside and inside.file.package.startswith("comanda.") and not inside.GetOptions().map_entry:
            yield from _rows(inside.fields, f"{prefix}{field.name}{'[]' if field.is_repeated else ''}.")


def _type(field: Any) -> str:
    if field.message_type and field.message_type.GetOptions().map_entry:
        entry = field.message_type.fields_by_name
        return f"map of {_type(entry['key'])} to {_type(entry['value'])}"
    one = field.message_type or field.enum_type
    name = one.name if one else NAMES[field.type]
    return f"list of {name}" if field.is_repeated else name


if __name__ == "__main__":
    print(document(), end="")
