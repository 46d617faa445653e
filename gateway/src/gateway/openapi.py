"""The OpenAPI 3.1 document, made from the same descriptors as the routes."""

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from gateway import examples, requests, rules, streaming
from gateway.comments import comments
from gateway.routes import Route, header_of
from gateway.schemas import Schema, Schemas
from kit import contract
from kit.identity import role_name

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
        "erro": {"type": "string", "description": "For clients of the predecessor, by some methods only."},
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
    "404": "There is no such thing, or not for this caller.",
    "405": "The path does not take this method.",
    "409": "The state of things does not allow it.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "429": "Too many requests.",
    "500": "Something went wrong on our side.",
    "503": "A part that is needed cannot be reached.",
    "504": "The answer took too long.",
}
RETRIED = ("429", "503")
QUOTA_HEADERS: Schema = {
    f"X-RateLimit-{name}": {"description": text, "schema": {"type": "integer"}}
    for name, text in {
        "Limit": "Calls of this kind that are allowed in one window of time.",
        "Remaining": "How many of them are left.",
        "Reset": "When the window ends, in seconds since 1970.",
    }.items()
}
KEY_HEADER: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Makes the call safe to repeat: a repeat under the same key gets the first call's answer.",
    "schema": {"type": "string", "pattern": f"^{requests.KEY.pattern}$", "minLength": 1, "maxLength": 128},
}
REVISION_HEADER: Schema = {
    "name": "If-Match",
    "in": "header",
    "description": 'The revision that the caller saw, such as `"3"`; the call is refused when it has moved on.',
    "schema": {"type": "string", "pattern": f"^({requests.REVISION.pattern}|[*])$"},
}
PLACE_HEADER: Schema = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The `id` of the last event that the client has seen; the stream goes on after it.",
    "schema": {"type": "string"},
}
HEALTH: Schema = {
    "operationId": "GetHealth",
    "tags": ["Health"],
    "summary": "Says how the services are",
    "description": "Says how the services are; needs no credential.",
    "security": [],
    "parameters": [],
    "responses": {
        status: {
            "description": text,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["status", "version", "services"],
                        "properties": {
                            "status": {"enum": ["healthy", "unhealthy"]},
                            "version": {"type": "string"},
                            "services": {"type": "object", "additionalProperties": {"enum": ["healthy", "unhealthy"]}},
                        },
                    }
                }
            },
        }
        for status, text in (("200", "All are well."), ("503", "At least one is not."))
    },
}


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """Returns the whole document."""
    schemas, paths = Schemas(), dict[str, Any]({"/health": {"get": HEALTH}})
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
            "responses": {status: _refusal(status, text) for status, text in REFUSALS.items()},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key."}},
        },
    }


def _tags(paths: dict[str, Any]) -> list[Schema]:
    names = {operation["tags"][0] for item in paths.values() for operation in item.values()}
    return [{"name": name} for name in sorted(names)]


def _refusal(status: str, text: str) -> Schema:
    answer: Schema = {
        "description": text,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in RETRIED:
        wait = {"description": "Seconds to wait before the next try.", "schema": {"type": "integer", "minimum": 1}}
        answer["headers"] = {"Retry-After": wait} | (QUOTA_HEADERS if status == "429" else {})
    return answer


def _operation(route: Route, schemas: Schemas) -> Schema:
    service: Any = route.descriptor.containing_service
    text = comments().get(f"{service.full_name}.{route.descriptor.name}", "")
    operation: Schema = {
        "operationId": f"{route.descriptor.name}{route.binding or ''}",
        "tags": [service.name.removesuffix("Service")],
        "summary": re.split("[,;.:]", text)[0],
        "description": text,
        "x-roles": _roles(route),
        "parameters": _parameters(route, schemas),
        "responses": _responses(route, schemas),
    }
    if route.public:
        operation["security"] = []
    if route.body:
        operation["requestBody"] = _body(route, schemas)
    return operation


def _roles(route: Route) -> list[str]:
    method = contract.method(route.path)
    return sorted(role_name(role) for role in method.roles) if method else []


def _body(route: Route, schemas: Schemas) -> Schema:
    descriptor: Any = route.request.DESCRIPTOR
    if route.body != "*":
        content = _json(schemas.field(descriptor.fields_by_name[route.body], request=True))
        return {"required": route.body in rules.required(descriptor), "content": content}
    elsewhere = (*route.variables, *([route.key_field] if route.key_field != requests.GENERATED else []))
    schema = schemas.message(descriptor, request=True, leave_out=elsewhere)
    content = _json(schema)
    content["application/json"]["example"] = examples.message(descriptor, elsewhere)
    return {"required": bool(schema.get("required")), "content": content}


def _parameters(route: Route, schemas: Schemas) -> list[Schema]:
    fields: Any = route.request.DESCRIPTOR.fields_by_name
    needed, found = rules.required(route.request.DESCRIPTOR), []
    for name in route.variables:
        schema = {"minLength": 1, **schemas.field(fields[name], request=True)}
        found.append(_parameter(name, "path", schema, needed=True))
    if route.body != "*":
        elsewhere = (*route.variables, *dict(route.headers), route.key_field, route.body)
        for name in (each for each in fields if each not in elsewhere):
            schema = schemas.field(fields[name], request=True)
            found.append(_parameter(name, "query", schema, needed=name in needed))
    for name, _ in route.headers:
        schema = schemas.field(fields[name], request=True)
        found.append(_parameter(header_of(fields[name]), "header", schema, needed=False))
    if route.key_field:
        found.append(KEY_HEADER)
    if route.takes_revision:
        found.append(REVISION_HEADER)
    if route.feed:
        found.append(PLACE_HEADER)
    return found


def _parameter(name: str, place: str, schema: Schema, *, needed: bool) -> Schema:
    text = schema.pop("description", "")
    return {"name": name, "in": place, "description": text, "required": needed, "schema": schema}


def _responses(route: Route, schemas: Schemas) -> Schema:
    descriptor: Any = route.response.DESCRIPTOR
    if route.response_body:
        descriptor = descriptor.fields_by_name[route.response_body].message_type
    answer: Schema = {"description": "It went well.", "headers": _headers(route)}
    answer["content"] = _content(route, descriptor, schemas)
    statuses = {str(route.rest.success_status or 200), *(["200"] if route.rest.created_field else [])}
    refusals = {status: {"$ref": f"#/components/responses/{status}"} for status in REFUSALS}
    return dict.fromkeys(sorted(statuses), answer) | refusals


def _content(route: Route, descriptor: Any, schemas: Schemas) -> Schema:
    documents: Schema = {kind: {"schema": {"type": "string"}} for kind in route.documents}
    if route.streams and documents:
        return documents
    schema = schemas.reference(descriptor, request=False)
    if not route.streams:
        return _json(schema) | documents
    kind, shape = (streaming.EVENTS, "`data` of each event") if route.feed else (streaming.LINES, "Each line")
    name = schema["$ref"].rpartition("/")[2]
    return {kind: {"schema": {"type": "string", "description": f"{shape} is a {name}.", "x-each": schema}}}


def _headers(route: Route) -> Schema:
    headers: Schema = {"X-Request-Id": {"description": "The request's id.", "schema": {"type": "string"}}}
    if route.key_field:
        text = "`true` when the answer is that of an earlier call under the same key."
        headers["Idempotency-Replayed"] = {"description": text, "schema": {"const": "true"}}
    if route.rest.revision_field:
        headers["ETag"] = {"description": "The revision, for If-Match.", "schema": {"type": "string"}}
    return headers


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}
