"""The OpenAPI document is true, complete, in both languages, and its explorer needs nothing from outside."""

import html
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from sqlalchemy import Engine

from app.sheets.formats import FORMATS
from tests.examples import answer_to, comparable
from tests.office import opened
from tests.stores import SEED
from tests.story import told

pytestmark = pytest.mark.anyio
SNAPSHOT = json.loads((SEED.parent / "openapi.json").read_text(encoding="utf-8"))

PROBLEM = "application/problem+json"
# What answers with something else than JSON, or can.
ANSWERED = {
    "/v1/eligibility/batch": ["application/x-ndjson"],
    "/v1/changes": ["application/json", "application/x-ndjson"],
    "/v1/diff": ["application/json", "text/plain"],
    "/v1/releases.atom": ["application/atom+xml"],
    "/v1/{kind}/{slug}/timemap": ["application/json", "application/link-format"],
}


# What tests/story.py tells, as it takes keys and changes something.
WRITTEN = {
    "publishRelease", "openProposal", "tryProposal", "reviseProposal", "commentProposal", "submitProposal",
    "returnProposal", "approveProposal", "publishProposal", "withdrawProposal", "listProposals", "getProposal",
    "createWebhook", "listWebhooks", "deleteWebhook",
}  # fmt: skip


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in SNAPSHOT["paths"].items():
        for operation in methods.values():
            yield path, operation


def comes_as_files(operation: dict[str, Any]) -> bool:
    formats = [str(p["schema"]) for p in operation.get("parameters", []) if p["name"] == "format"]
    return any("xlsx" in schema for schema in formats)


async def test_the_snapshot_is_what_is_served(client: httpx.AsyncClient) -> None:
    assert (await client.get("/openapi.json")).json() == SNAPSHOT


def test_every_operation_has_a_name_a_summary_and_its_errors() -> None:
    ids = [operation["operationId"] for _, operation in operations()]
    assert len(set(ids)) == len(ids)
    for path, operation in operations():
        assert re.fullmatch(r"[a-z]+[A-Z][A-Za-z]+", operation["operationId"])
        assert re.search(r"[\u4e00-\u9fff]", operation["summary"]), path
        assert operation["description"]
        if path.startswith("/v1/"):
            assert {"422", "503"} <= operation["responses"].keys()
            for status, response in operation["responses"].items():
                if status in {"204", "302"}:
                    assert "content" not in response
                    continue
                media = ANSWERED.get(path, ["application/json"]) if status < "300" else [PROBLEM]
                if status == "200" and comes_as_files(operation):
                    media = [made.media_type.partition(";")[0] for made in FORMATS.values()]
                assert list(response["content"]) == media, (path, status)
            if "{" in path and "bundles" not in path:
                assert "404" in operation["responses"]


def schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of the document, components and what stands inside them, with its place."""

    def within(place: str, part: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        if isinstance(part, dict):
            if part.keys() & {"type", "enum", "$ref", "anyOf"} and "in" not in part:
                yield place, part
            for key, value in part.items():
                if key not in {"example", "securitySchemes"}:
                    yield from within(f"{place}/{key}", value)
        elif isinstance(part, list):
            for number, value in enumerate(part):
                yield from within(f"{place}/{number}", value)

    yield from within("", {k: v for k, v in SNAPSHOT.items() if k in {"components", "paths"}})


def test_every_field_has_a_chinese_title_and_an_english_description() -> None:
    for name, schema in SNAPSHOT["components"]["schemas"].items():
        assert re.search(r"[\u4e00-\u9fff]", schema["description"]), name
        assert re.search(r"[a-z]{2}", schema["description"]), name
        for field, definition in schema.get("properties", {}).items():
            assert re.search(r"[\u4e00-\u9fff]", definition["title"]), (name, field)
            assert re.search(r"[a-z]{2}", definition["description"]), (name, field)
            # The explorer shows descriptions, and no titles.
            assert definition["title"] in definition["description"], (name, field)
    for path, operation in operations():
        for parameter in operation.get("parameters", []):
            assert re.search(r"[\u4e00-\u9fff]", parameter["schema"]["title"]), (path, parameter["name"])
            assert re.search(r"[a-z]{2}", parameter["description"]), (path, parameter["name"])
            assert parameter["schema"]["title"] in parameter["description"], (path, parameter["name"])


def test_what_a_client_makes_a_class_of_is_a_component_with_a_plain_name() -> None:
    """Generators take a schema's title for the name of its class, and give two of one name up."""
    assert SNAPSHOT["info"]["title"].isascii()
    for name, schema in SNAPSHOT["components"]["schemas"].items():
        assert re.fullmatch(r"([A-Z][a-z]+)+", name)
        assert schema["title"] == name
    for place, schema in schemas():
        if not re.fullmatch(r"/components/schemas/\w+", place):
            assert "enum" not in schema, place
            assert not (schema.get("type") == "object" and "title" in schema), place


def test_every_value_of_an_enumeration_is_explained() -> None:
    for name, schema in SNAPSHOT["components"]["schemas"].items():
        for value in schema.get("enum", ()):
            assert re.search(rf"^\* `{value}`: \S", schema["description"], re.MULTILINE), (name, value)


def test_parameters_are_never_null_and_their_examples_fit() -> None:
    for path, operation in operations():
        for parameter in operation.get("parameters", []):
            schema = parameter["schema"]
            assert {"type": "null"} not in schema.get("anyOf", ()), (path, parameter["name"])
            if "example" in parameter:
                kind = {"boolean": bool, "integer": int}.get(schema.get("type", ""), str)
                assert type(parameter["example"]) is kind, (path, parameter["name"])


def example_of(operation: dict[str, Any]) -> Any:
    """The documented answer; None where there is nothing to say."""
    success = next(status for status in ("201", "200", "204") if status in operation["responses"])
    content = operation["responses"][success].get("content")
    return next(iter(content.values()))["example"] if content else None


async def test_the_examples_of_publishing_are_what_the_catalogue_answers(empty_engine: Engine) -> None:
    documented = {
        o["operationId"]: deepcopy(example_of(o)) for _, o in operations() if o["operationId"] in WRITTEN
    }
    async with opened(empty_engine, direct_publishing=True) as office:
        answers = {operation: example["answer"] for operation, example in (await told(office)).items()}
    assert answers.keys() == WRITTEN
    # A webhook's id is made at random.
    for answer in (documented["createWebhook"], answers["createWebhook"]):
        assert re.fullmatch("[0-9a-f]{16}", answer.pop("id"))
    for answer in (documented["listWebhooks"], answers["listWebhooks"]):
        assert re.fullmatch("[0-9a-f]{16}", answer["items"][0].pop("id"))
    assert comparable(answers) == comparable(documented)


@pytest.mark.parametrize(
    "operation_id", [o["operationId"] for _, o in operations() if o["operationId"] not in WRITTEN]
)
async def test_the_example_is_what_the_catalogue_answers(
    client: httpx.AsyncClient, operation_id: str
) -> None:
    path, operation = next((p, o) for p, o in operations() if o["operationId"] == operation_id)
    documented = example_of(operation)
    assert {} in operation.get("security", [{}])  # asked without a key
    parameters = {p["name"]: p["example"] for p in operation.get("parameters", []) if "example" in p}
    media = operation.get("requestBody", {}).get("content", {})
    body = next(iter(media.values()))["example"] if media else None
    assert comparable(await answer_to(client, path, parameters, body)) == comparable(documented)


@pytest.mark.parametrize("page", ["/docs", "/redoc", "/"])
async def test_pages_load_nothing_from_outside(client: httpx.AsyncClient, page: str) -> None:
    answer = await client.get(page, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    # Redoc's script has the address of an image in it: only the browser can be told to leave it.
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "://" not in policy
    wanted = re.findall(r"""(?:src|href)=["']([^"']+)["']|url: ["']([^"']+)["']""", answer.text)
    for target in {html.unescape(a or b) for a, b in wanted}:
        url = urljoin(f"http://catalogue.test{page}", target)
        assert url.startswith("http://catalogue.test/"), target
        if "#" not in target:
            loaded = await client.get(url, follow_redirects=True)
            assert loaded.status_code == 200, target


def test_nothing_in_the_program_names_an_outside_script_host() -> None:
    for file in (Path(__file__).parent.parent / "app").rglob("*"):
        if file.suffix in {".py", ".html", ".js"}:
            assert "cdn." not in file.read_text(encoding="utf-8"), file
