"""The reference for people, rendered once from the OpenAPI document; it loads nothing from anywhere."""

from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader


def render(document: dict[str, Any]) -> str:
    """Returns the page."""
    operations = [
        _operation(verb, path, each) for path, item in document["paths"].items() for verb, each in item.items()
    ]
    operations.sort(key=lambda each: each["tag"])
    groups = [(tag, list(group)) for tag, group in groupby(operations, key=lambda each: each["tag"])]
    environment = Environment(loader=PackageLoader("gateway"), autoescape=True, trim_blocks=True)
    return environment.get_template("reference.html").render(info=document["info"], groups=groups)


def _operation(verb: str, path: str, each: dict[str, Any]) -> dict[str, Any]:
    body = each.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    fields = [_field(p["name"], p["in"], p["schema"], p.get("description", "")) for p in each["parameters"]]
    fields += [_field(name, "body", schema) for name, schema in body.get("properties", {}).items()]
    return {
        "id": each["operationId"],
        "tag": each["tags"][0],
        "summary": each["summary"],
        "description": each["description"],
        "verb": verb.upper(),
        "path": path,
        "fields": fields,
        "curl": _curl(verb.upper(), path, bool(body)),
    }


def _field(name: str, place: str, schema: dict[str, Any], text: str = "") -> dict[str, str]:
    kind = schema.get("type", schema.get("$ref", "any").rpartition("/")[2])
    if isinstance(kind, list):
        kind = " or ".join(kind)
    if kind == "array":
        inner = schema["items"]
        kind = f"list of {inner.get('type', inner.get('$ref', 'any').rpartition('/')[2])}"
    return {"name": name, "place": place, "type": kind, "description": schema.get("description", text)}


def _curl(verb: str, path: str, has_body: bool) -> str:
    method = "" if verb == "GET" else f" -X {verb}"
    body = " -H 'Content-Type: application/json' -d '{…}'" if has_body else ""
    return f'curl -s{method} -H "Authorization: Bearer $KEY"{body} "$BASE{path}"'
