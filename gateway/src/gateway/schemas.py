"""JSON Schemas of the contract's messages, as the gateway reads and writes them."""

from collections.abc import Collection
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from comanda.types.v1 import options_pb2
from gateway import examples, rules
from gateway.comments import comments
from gateway.scalars import FRACTIONS, RANGES, is_decimal, is_restricted, keyed, short_names
from kit.status import EXACT_INTEGER

Schema = dict[str, Any]
F = FieldDescriptor
DOCUMENT: Schema = {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Any"}}
ANY: Schema = {
    "description": "Any JSON value; a number is at most 2^53, so that no reader has to round it.",
    "anyOf": [
        {"type": ["null", "boolean", "string"]},
        {"type": "number", "minimum": -EXACT_INTEGER, "maximum": EXACT_INTEGER},
        {"type": "array", "items": {"$ref": "#/components/schemas/Any"}},
        DOCUMENT,
    ],
}
WELL_KNOWN: dict[str, Schema] = {
    "google.api.HttpBody": {"type": ["object", "array"]},
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$"},
    "google.protobuf.Struct": DOCUMENT,
    "google.protobuf.ListValue": {"type": "array", "items": {"$ref": "#/components/schemas/Any"}},
    "google.protobuf.Value": {"$ref": "#/components/schemas/Any"},
}
KEYWORDS = {
    "min_len": "minLength",
    "max_len": "maxLength",
    "pattern": "pattern",
    "gte": "minimum",
    "gt": "exclusiveMinimum",
    "lte": "maximum",
    "lt": "exclusiveMaximum",
    "const": "const",
    "in": "enum",
    "min_items": "minItems",
    "max_items": "maxItems",
    "unique": "uniqueItems",
}
BLANKS = r"\t\n\f\r "
"""What `\\s` means in a rule (RE2); in JSON Schema (ECMA 262) it means every blank of Unicode, too."""
FORMATS = ("uuid", "email", "uri", "hostname")


class Schemas:
    """Collects the schemas that a document refers to; what may be sent and what is answered differ, so each has its own."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {"Any": ANY}

    def reference(self, descriptor: Any, *, request: bool) -> Schema:
        """Returns a reference to a message's schema, which joins the components, or what everybody knows of its type."""
        if known := WELL_KNOWN.get(descriptor.full_name):
            return dict(known)
        name = f"{descriptor.full_name.split('.')[1]}.{descriptor.name}{'Input' if request else ''}"
        if name not in self.components:
            self.components[name] = {}  # a message may hold itself
            self.components[name] = self.message(descriptor, request=request)
        return {"$ref": f"#/components/schemas/{name}"}

    def message(self, descriptor: Any, *, request: bool, leave_out: Collection[str] = ()) -> Schema:
        """Returns the schema of a message, without the fields that stand elsewhere."""
        fields = [field for field in descriptor.fields if field.name not in leave_out]
        restricted = {field.name for field in fields if is_restricted(field)}
        needed = rules.required(descriptor) if request else {field.name for field in fields} - restricted
        schema: Schema = {"type": "object", "properties": {}}
        for field in fields:
            found = self.field(field, request=request)
            absent = (field.has_presence and field.name not in restricted) or (request and field.name not in needed)
            schema["properties"][field.name] = _nullable(found) if absent else found
        if text := comments().get(descriptor.full_name):
            schema["description"] = text
        if names := [field.name for field in fields if field.name in needed]:
            schema["required"] = names
        if request:
            schema["additionalProperties"] = False
        return schema

    def field(self, field: Any, *, request: bool) -> Schema:
        """Returns the schema of a field's value."""
        if field.message_type and field.message_type.GetOptions().map_entry:
            value = self.field(field.message_type.fields_by_name["value"], request=request)
            schema: Schema = {"type": "object", "additionalProperties": value}
        elif field.is_repeated:
            limits = rules.of(field).repeated
            items = self._one(field, limits.items, request=request)
            schema = {"type": "array", "items": items, **(_limits(limits) if request else {})}
            if request and (given := keyed(field)):
                schema = {"anyOf": [schema, self._keyed(field, given, limits)]}
        else:
            schema = self._one(field, rules.of(field), request=request)
        text = comments().get(field.full_name)
        return {**schema, "description": text} if text else schema

    def _keyed(self, field: Any, given: options_pb2.Keyed, limits: Any) -> Schema:
        """Returns the schema of the object that may be sent for a list."""
        name, value = (field.message_type.fields_by_name[each] for each in (given.name_field, given.value_field))
        return {
            "type": "object",
            "propertyNames": self.field(name, request=True),
            "additionalProperties": self.field(value, request=True),
            "minProperties": limits.min_items,
            "maxProperties": limits.max_items,
        }

    def _one(self, field: Any, given: Any, *, request: bool) -> Schema:
        if field.message_type:
            return self.reference(field.message_type, request=request)
        if field.enum_type:
            barred = given.enum.not_in if request else ()
            return {"type": "string", "enum": [n for i, n in short_names(field.enum_type).items() if i not in barred]}
        schema = _scalar(field, request=request)
        if request:
            schema |= _limits(rules.on_value(given))
        if field.type in (F.TYPE_STRING, *RANGES):
            schema["examples"] = [examples.one(field)]
        return schema


def _scalar(field: Any, *, request: bool) -> Schema:
    if field.type in RANGES:
        low, high = RANGES[field.type]
        return {"type": "integer", "minimum": low, "maximum": high}
    if field.type in FRACTIONS:
        return {"type": "number"}
    if field.type == F.TYPE_BOOL:
        return {"type": "boolean"}
    schema: Schema = {"type": ["string", "integer"] if request and is_decimal(field) else "string"}
    if field.type == F.TYPE_BYTES:
        schema["contentEncoding"] = "base64"
    if field.GetOptions().Extensions[options_pb2.sensitive]:
        schema["format"] = "password"
    return schema


def _limits(given: Any) -> Schema:
    """Returns the keywords for the rules on one value or list; a rule that JSON Schema has no word for is left out."""
    schema: Schema = {}
    for rule, value in given.ListFields() if given else ():
        if rule.name in KEYWORDS:
            schema[KEYWORDS[rule.name]] = _worded(rule.name, value)
        elif rule.name in FORMATS:
            schema["format"] = rule.name
        elif rule.name == "len":
            schema |= {"minLength": value, "maxLength": value}
    return schema


def _worded(rule: str, value: Any) -> Any:
    """Returns a rule's value as JSON Schema has it; `\\s` stands within brackets in all patterns of the contract."""
    if rule == "pattern":
        return value.replace(r"\S", f"[^{BLANKS}]").replace(r"\s", BLANKS)
    return list(value) if rule == "in" else value


def _nullable(schema: Schema) -> Schema:
    """Allows null, which means absent."""
    if "type" not in schema:
        description = schema.pop("description", "")
        return {"anyOf": [schema, {"type": "null"}], "description": description}
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    allowed = {**schema, "type": [*kinds, "null"]}
    return allowed | {"enum": [*schema["enum"], None]} if "enum" in schema else allowed
