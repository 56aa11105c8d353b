"""The OpenAPI document: FastAPI's, with the examples that the tests send, and nothing that is not true."""

import json
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.enumerations import ENUMERATIONS
from app.sheets.formats import FORMATS

DESCRIPTION = """\
Local governments' public-service plans as versioned, cited, computable resources.
地方政府公共服务规划的版本化、可溯源、可计算目录。

* **Two clocks**: every read takes `on` (what applies on that day; default today in Asia/Shanghai) and `release`
  or `known_at` (as the catalogue stood then; default now). Every answer says which it used; give both and the
  answer never changes.
* **Sources**: every value carries the plan, the section and the verbatim quote that it was taken from. What a plan
  does not say is `null` and named in `not_stated`.
* **Lists** come in pages: follow `next`. A cursor pins the day and the release, so that a list does not shift
  while somebody publishes.
* **Files**: with `format`, a list comes whole, as JSON, NDJSON, CSV, an Excel workbook or Parquet.
* **Caches**: reads carry an `ETag`, and `If-None-Match` is answered with 304. `Content-Location` names the URL that gives
  the same answer for ever.
* **Errors** are problem+json (RFC 9457), in Chinese where `Accept-Language` prefers `zh`. A parameter that is not known,
  or given twice, is one.
"""

TAGS = [
    {"name": "services", "description": "What plans offer, to whom (服务项目)"},
    {"name": "concepts", "description": "The same benefit across regions and plans (服务概念)"},
    {"name": "domains", "description": "A plan's own grouping of its services (服务领域)"},
    {"name": "plans", "description": "The documents that values are quoted from (规划)"},
    {"name": "standards", "description": "Quantities that a person can expect (服务标准)"},
    {"name": "indicators", "description": "Quantities that the government steers by (发展指标)"},
    {"name": "comparison", "description": "Regions side by side (区域对比)"},
    {"name": "programmes", "description": "Named projects of a plan (专栏、工程)"},
    {"name": "discrepancies", "description": "Statements that cannot both be true (矛盾)"},
    {"name": "regions", "description": "Administrative regions after GB/T 2260 (行政区划)"},
    {"name": "eligibility", "description": "What a person can get, why, and what to ask next (资格判定)"},
    {"name": "rules", "description": "Who is entitled to a service, clause by clause (资格规则)"},
    {"name": "facts", "description": "What there is to know about a person, and how to ask (事实)"},
    {"name": "releases", "description": "What was published, when and by whom (发布)"},
    {
        "name": "proposals",
        "description": "Drafted by one, approved by another, then published (提案：拟稿、审核、发布)",
    },
    {"name": "catalogue", "description": "Entry points and health (入口与运行状况)"},
]

# One request per operation with its whole answer; a test sends each and compares.
EXAMPLES: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "examples.json").read_text(encoding="utf-8")
)


def document(app: FastAPI) -> dict[str, Any]:
    """The document, made once per application."""
    if app.openapi_schema is None:
        whole = get_openapi(
            # Clients are called by the title, so it is a name in ASCII.
            title="Public-service catalogue",
            summary="公共服务目录",
            version=app.version,
            description=app.description,
            license_info=app.license_info,
            tags=app.openapi_tags,
            routes=app.routes,
        )
        for path in whole["paths"].values():
            for operation in path.values():
                _describe(operation)
                _exemplify(operation)
                # Whoever must have a key can have the wrong one: where nothing is forbidden, none is needed.
                free = "403" not in operation["responses"] and not app.state.settings.reading_takes_key
                if free and "security" in operation:
                    operation["security"].insert(0, {})
        schemas = whole["components"]["schemas"]
        Names(schemas).give(whole["paths"])
        whole["components"]["schemas"] = dict(sorted(schemas.items()))
        # What pydantic calls Page_Service_.
        app.openapi_schema = json.loads(re.sub(r"\bPage_([A-Za-z]+)_", r"\1Page", json.dumps(whole)))
    return app.openapi_schema


class Names:
    """Types for clients: whatever they make a class of is a component, whose title is its name in ASCII.

    A field's title is Chinese, for who reads; generators would make `变更变更类型` of it.
    """

    def __init__(self, schemas: dict[str, Any]) -> None:
        self.schemas = schemas

    def give(self, paths: dict[str, Any]) -> None:
        for name, schema in list(self.schemas.items()):
            self._name(name, schema)
            self._within(name, schema)
        for path in paths.values():
            for operation in path.values():
                caller = operation["operationId"]
                name = caller[0].upper() + caller[1:]
                for parameter in operation.get("parameters", []):
                    parameter["schema"] = self._lifted(
                        _given(parameter["schema"]), name + _class(parameter["name"])
                    )
                for media in operation.get("requestBody", {}).get("content", {}).values():
                    media["schema"] = self._lifted(media["schema"], f"{name}Request")

    def _name(self, name: str, schema: dict[str, Any]) -> None:
        schema |= {"title": name, "description": _said(schema["description"], schema["title"])}

    def _within(self, name: str, schema: dict[str, Any]) -> None:
        for field, definition in schema.get("properties", {}).items():
            definition["description"] = _said(definition["description"], definition["title"])
            schema["properties"][field] = self._lifted(definition, name + _class(field))

    def _lifted(self, schema: dict[str, Any], name: str) -> dict[str, Any]:
        """The schema with a reference for what is a type of its own; what is said of the field stays beside it."""
        if "anyOf" in schema:
            return schema | {"anyOf": [self._lifted(part, name) for part in schema["anyOf"]]}
        beside = {k: v for k, v in schema.items() if k in {"title", "description", "default"}}
        if "enum" in schema:
            name = self._enumeration(tuple(schema["enum"]))
        elif schema.get("type") == "object" and "title" in schema:
            self.schemas[name] = {k: v for k, v in schema.items() if k != "default"}
            self._name(name, self.schemas[name])
            self._within(name, self.schemas[name])
        else:
            return schema
        return {"$ref": f"#/components/schemas/{name}"} | beside

    def _enumeration(self, values: tuple[str, ...]) -> str:
        found = {frozenset(e.meanings): e for e in ENUMERATIONS}[frozenset(values)]
        meanings = "\n".join(f"* `{value}`: {found.meanings[value]}" for value in values)
        self.schemas[found.name] = {
            "type": "string",
            "enum": [*values],
            "title": found.name,
            "description": f"{found.description} ({found.title}).\n\n{meanings}",
        }
        return found.name


def _said(english: str, chinese: str) -> str:
    """Both languages: the explorer shows descriptions, but no titles."""
    return english if english.endswith(f"({chinese})") else f"{english.rstrip('.')} ({chinese})"


def _class(field: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in field.replace("-", "_").split("_"))


def _given(schema: dict[str, Any]) -> dict[str, Any]:
    """What a parameter can be: it may be left out, but there is no null in a URL or a header field."""
    parts: list[dict[str, Any]] = [part for part in schema.get("anyOf", ()) if part != {"type": "null"}]
    if len(parts) != 1:
        return schema
    return parts[0] | {k: v for k, v in schema.items() if k != "anyOf"}


def _describe(operation: dict[str, Any]) -> None:
    # FastAPI documents its own shape for invalid requests; ours says the same as every other problem.
    for status, response in operation["responses"].items():
        if response["description"] == "Successful Response":
            response["description"] = "Success (成功)"
        if int(status) >= HTTPStatus.BAD_REQUEST:
            response["content"].pop("application/json", None)
        # Where lines come in, nothing but lines goes out.
        if "application/x-ndjson" in operation.get("requestBody", {}).get("content", {}):
            response.get("content", {}).pop("application/json", None)
    for parameter in operation.get("parameters", []):
        parameter["description"] = _said(parameter["description"], parameter["schema"]["title"])
    formats = [p["schema"] for p in operation.get("parameters", []) if p["name"] == "format"]
    if any("xlsx" in json.dumps(schema) for schema in formats):
        for media_type in (made.media_type.partition(";")[0] for made in FORMATS.values()):
            operation["responses"]["200"]["content"].setdefault(media_type, {})


def _exemplify(operation: dict[str, Any]) -> None:
    example = EXAMPLES.get(operation["operationId"])
    if example is not None:
        success = next(status for status in ("201", "200", "204") if status in operation["responses"])
        content = operation["responses"][success].get("content", {})
        for media_type in [media for media in content if media.endswith("json")] or list(content):
            content[media_type]["example"] = example["answer"]
            break
        if "body" in example:
            for media in operation["requestBody"]["content"].values():
                media["example"] = example["body"]
        for parameter in operation.get("parameters", []):
            if parameter["name"] in example["parameters"]:
                parameter["example"] = example["parameters"][parameter["name"]]
