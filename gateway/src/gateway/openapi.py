"""The OpenAPI 3.1 document, made from the same descriptors as the routes."""

from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from gateway.comments import comments
from gateway.routes import Route
from gateway.schemas import Schema, Schemas

PROBLEM: Schema = {
    "type": "object",
    "description": "A refusal (RFC 9457). Programs read `code`, which never changes; people read `message`.",
    "required": ["type", "title", "status", "detail", "code", "message", "context", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "examples": ["insufficient_stock"]},
        "message": {"type": "string"},
        "context": {"type": "object"},
        "request_id": {"type": "string"},
        "violations": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("field", "rule", "message")},
            },
        },
    },
}
REFUSALS = {
    "400": "The request is wrong.",
    "401": "The credential is missing or not good.",
    "403": "The role does not allow it.",
    "404": "There is no such thing.",
    "409": "The state of things does not allow it.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "429": "Too many requests; Retry-After says when to come back.",
    "500": "Something went wrong on our side.",
    "503": "A part that is needed cannot be reached.",
}
KEY_HEADER: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Makes the call safe to repeat: a repeat under the same key gets the first call's answer.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"},
}
REVISION_HEADER: Schema = {
    "name": "If-Match",
    "in": "header",
    "description": 'The revision that the caller saw, such as `"3"`; the call is refused when it has moved on.',
    "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
}


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """Returns the whole document."""
    schemas, paths = Schemas(), dict[str, Any]()
    for route in sorted(routes, key=lambda each: each.template):
        paths.setdefault(route.template, {})[route.verb.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Comanda",
            "version": version("comanda-gateway"),
            "description": "The omnichannel order hub.",
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "tags": _tags(paths),
        "paths": paths,
        "components": {
            "schemas": {**dict(sorted(schemas.components.items())), "Problem": PROBLEM},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key."}},
        },
    }


def _tags(paths: dict[str, Any]) -> list[Schema]:
    names = sorted({operation["tags"][0] for item in paths.values() for operation in item.values()})
    return [{"name": name} for name in names]


def _operation(route: Route, schemas: Schemas) -> Schema:
    service: Any = route.descriptor.containing_service
    text = comments().get(f"{service.full_name}.{route.descriptor.name}", "")
    operation: Schema = {
        "operationId": route.descriptor.name,
        "tags": [service.name.removesuffix("Service")],
        "summary": text.partition(";")[0].partition(",")[0].rstrip("."),
        "description": text,
        "parameters": _parameters(route, schemas),
        "responses": _responses(route, schemas),
    }
    if route.body:
        schema = schemas.message(route.request.DESCRIPTOR, request=True, leave_out=route.variables)
        operation["requestBody"] = {"required": bool(schema.get("required")), "content": _json(schema)}
    return operation


def _parameters(route: Route, schemas: Schemas) -> list[Schema]:
    fields = route.request.DESCRIPTOR.fields_by_name
    found = []
    for name in route.variables:
        schema = {"type": "string", "minLength": 1, **schemas.field(fields[name], request=True)}
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
    if not route.body:
        for field in (each for each in fields.values() if each.name not in (*route.variables, route.key_field)):
            schema = schemas.field(field, request=True)
            required = bool(schema.get("minItems"))
            found.append({"name": field.name, "in": "query", "required": required, "schema": schema})
    if route.key_field:
        found.append(KEY_HEADER)
    if route.takes_revision:
        found.append(REVISION_HEADER)
    return found


def _responses(route: Route, schemas: Schemas) -> Schema:
    descriptor: Any = route.response.DESCRIPTOR
    if route.response_body:
        descriptor = descriptor.fields_by_name[route.response_body].message_type
    content = _json(schemas.reference(descriptor, request=False))
    statuses = {str(route.rest.success_status or 200), *(["200"] if route.rest.created_field else [])}
    answers = {status: {"description": "It went well.", "content": content} for status in sorted(statuses)}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return answers | {status: {"description": text, "content": problem} for status, text in REFUSALS.items()}


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}
