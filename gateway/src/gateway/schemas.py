"""JSON Schemas of the contract's messages, as the codec reads and writes them."""

from collections.abc import Collection
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from buf.validate import validate_pb2
from comanda.types.v1 import options_pb2
from gateway.comments import comments
from gateway.scalars import RANGES, short_names

Schema = dict[str, Any]
F = FieldDescriptor
WELL_KNOWN: dict[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?s$"},
    "google.protobuf.Struct": {"type": "object"},
    "google.protobuf.Value": {},
}
DECIMAL = {"type": ["string", "integer"], "examples": ["2.500"]}


class Schemas:
    """Collects the schemas that a document refers to; requests and answers differ, so each has its own."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}

    def reference(self, descriptor: Any, *, request: bool) -> Schema:
        """Returns a reference to a message's schema, which joins the components."""
        name = f"{descriptor.full_name.split('.')[1]}.{descriptor.name}{'Input' if request else ''}"
        if name not in self.components:
            self.components[name] = {}  # a message may hold itself
            self.components[name] = self.message(descriptor, request=request)
        return {"$ref": f"#/components/schemas/{name}"}

    def message(self, descriptor: Any, *, request: bool, leave_out: Collection[str] = ()) -> Schema:
        """Returns the schema of a message, without the fields that stand elsewhere."""
        fields = [field for field in descriptor.fields if field.name not in leave_out]
        schema: Schema = {"type": "object", "properties": {f.name: self.field(f, request=request) for f in fields}}
        if text := comments().get(descriptor.full_name):
            schema["description"] = text
        required = [field.name for field in fields if not request or _is_required(field)]
        if required:
            schema["required"] = required
        if request:
            schema["additionalProperties"] = False
        return schema

    def field(self, field: Any, *, request: bool) -> Schema:
        """Returns the schema of a field."""
        rules = _rules(field)
        if field.is_repeated:
            items = self._single(field, rules.repeated.items if request else None, request=request)
            schema: Schema = {"type": "array", "items": items}
            if request and rules.repeated.HasField("min_items"):
                schema["minItems"] = rules.repeated.min_items
            if request and rules.repeated.HasField("max_items"):
                schema["maxItems"] = rules.repeated.max_items
        else:
            schema = self._single(field, rules if request else None, request=request)
            if field.has_presence and not request:
                schema = _nullable(schema)
        text = comments().get(field.full_name)
        return {**schema, "description": text} if text and "$ref" not in schema else schema

    def _single(self, field: Any, rules: Any, *, request: bool) -> Schema:
        if field.message_type:
            known = WELL_KNOWN.get(field.message_type.full_name)
            return dict(known) if known is not None else self.reference(field.message_type, request=request)
        if field.enum_type:
            names = [name for name in short_names(field.enum_type).values() if name or not request]
            return {"type": "string", "enum": names}
        if field.type in RANGES:
            low, high = RANGES[field.type]
            return {"type": "integer", "minimum": low, "maximum": high, **(_bounds(field, rules) if rules else {})}
        if field.type == F.TYPE_BOOL:
            return {"type": "boolean"}
        if field.GetOptions().Extensions[options_pb2.decimal]:
            return dict(DECIMAL) if request else {"type": "string"}
        return {"type": "string", **(_text(rules.string) if rules else {})}


def _rules(field: Any) -> Any:
    return field.GetOptions().Extensions[validate_pb2.field]


def _is_required(field: Any) -> bool:
    rules = _rules(field)
    return bool(rules.string.min_len or rules.string.uuid or rules.repeated.min_items or 0 in rules.enum.not_in)


def _text(rules: Any) -> Schema:
    schema: Schema = {}
    if rules.min_len:
        schema["minLength"] = rules.min_len
    if rules.max_len:
        schema["maxLength"] = rules.max_len
    if rules.pattern:
        schema["pattern"] = rules.pattern
    if rules.uuid:
        schema["format"] = "uuid"
    if getattr(rules, "in"):
        schema["enum"] = list(getattr(rules, "in"))
    return schema


def _bounds(field: Any, rules: Any) -> Schema:
    kind = rules.int64 if field.type == F.TYPE_INT64 else rules.int32
    schema: Schema = {}
    if kind.HasField("gte"):
        schema["minimum"] = kind.gte
    if kind.HasField("lte"):
        schema["maximum"] = kind.lte
    return schema


def _nullable(schema: Schema) -> Schema:
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]} if isinstance(schema.get("type"), str) else schema
