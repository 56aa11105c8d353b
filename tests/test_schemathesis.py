"""A thousand random requests, and some thought out to do harm: no failure of ours, all answers as documented."""

import base64
import json
from collections import Counter
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import Engine, select
from sqlmodel import Session, col

from app.catalogue import KINDS
from tests.conftest import application
from tests.stores import Store

CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# Those that are as documented get further into the program than those that are not.
AS_DOCUMENTED, OTHERWISE = 700, 300
Requests = st.SearchStrategy[schemathesis.Case[Any]]


@schemathesis.serializer("application/x-ndjson")
def one_line(_: schemathesis.SerializationContext, value: object) -> bytes:
    return json.dumps(value).encode()


def what_there_is(engine: Engine) -> dict[str, dict[str, Any]]:
    """For each part of the API one resource that exists."""
    with Session(engine) as session:
        slugs = {kind: session.scalar(select(col(row.slug)).limit(1)) for kind, (_, row) in KINDS.items()}
    return {kind: {"slug": slug, "version": 1} for kind, slug in slugs.items()} | {"releases": {"number": 1}}


def requests(operation: Any, mode: GenerationMode, there: dict[str, dict[str, Any]]) -> Requests:
    """Random names name nothing: every second request is for what there is."""
    anything: Requests = operation.as_strategy(mode)
    names = there.get(operation.path.split("/")[2], {}) if "{" in operation.path else {}
    named = {name: value for name, value in names.items() if f"{{{name}}}" in operation.path}
    if named:
        for_one: Requests = operation.as_strategy(mode, path_parameters=named, query={"release": 1})
        return anything | for_one
    return anything | anything.map(of_lizhou) if operation.body else anything


def of_lizhou(case: schemathesis.Case[Any]) -> schemathesis.Case[Any]:
    """The same request for a person who lives where there are services."""
    if isinstance(case.body, dict) and "region" in case.body:
        case.body = case.body | {"region": "510802"}
    return case


def ask(url: str, mode: GenerationMode, times: int) -> Counter[int]:
    """Sends requests to every operation and checks every answer; how often each status was among them."""
    app = application(url)
    there = what_there_is(app.state.engine)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    open_ended = [
        operation for operation in operations if operation.body or list(operation.iter_parameters())
    ]
    answered: Counter[int] = Counter()

    for operation in operations if mode.is_positive else open_ended:

        @settings(
            max_examples=-(-times // len(open_ended)),
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=requests(operation, mode, there))
        def request(case: schemathesis.Case[Any]) -> None:
            response = case.call_and_validate(checks=CHECKS)
            answered[response.status_code] += 1

        before = answered.total()
        request()
        assert answered.total() > before, operation.label
    app.state.engine.dispose()
    assert answered.total() >= times
    return answered


def test_random_requests_that_are_as_documented(sqlite_store: Store) -> None:
    answered = ask(sqlite_store.seeded, GenerationMode.POSITIVE, AS_DOCUMENTED)
    assert answered[200] > AS_DOCUMENTED / 10


BYTES = ("%00", "%FF", "%ED%A0%80", "%F0%9F%98%80", "a%0A", "a%00b", "..%2F..", "x" * 5000)
NUMBERS = ("-1", "1e9", "9" * 40, "%D9%A3", "NaN", "%00", "0x1")
HARMFUL = [
    *(
        f"/v1/{kind}/{slug}{more}"
        for kind in KINDS
        for slug in BYTES
        for more in ("", "/versions", "/versions/1")
    ),
    *(
        f"/v1/services?{name}={value}"
        for name in ("plan", "region", "on", "listed", "cursor")
        for value in BYTES
    ),
    *(f"/v1/services?{name}={value}" for name in ("release", "limit", "on", "known_at") for value in NUMBERS),
    *(f"/v1/{path}/{value}" for path in ("services/x/versions", "releases") for value in NUMBERS),
    *(
        f"/v1/{path}={value}"
        for path in (
            "changes?after",
            "changes?until",
            "diff?from",
            "diff?from=0&to",
            "diff?from=0&to_on",
            "releases.atom?until",
            "changes?limit",
            "releases?after",
        )
        for value in NUMBERS
    ),
    *(
        f"/v1/{path}={value}"
        for path in (
            "changes?plan",
            "changes?kind",
            "changes?format",
            "changes?cursor",
            "diff?from=0&slug",
            "diff?from=0&from_plan",
            "releases.atom?region",
        )
        for value in BYTES
    ),
    *(f"/v1/{kind}/{slug}/timemap" for kind in ("services", "people", "%00") for slug in BYTES),
    *(f"/v1/services?cursor={cursor}" for cursor in ("", "A", "bm90anNvbg", "W10", "e30")),
    *(
        f"/v1/services?known_at={time}"
        for time in (
            "0001-01-01T00:00:00%2B08:00",
            "9999-12-31T23:59:59-08:00",
            "2024-06-01T08:00:00%2B99:99",
        )
    ),
]


@pytest.mark.anyio
async def test_what_no_client_should_send_is_refused(client: httpx.AsyncClient) -> None:
    for url in HARMFUL:
        answer = await client.get(url)
        assert answer.status_code in {404, 422}, url
        assert answer.headers["content-type"] == "application/problem+json"


SEARCHES = [
    "%00", "a%00b", "%22", "'", "%22%20*%20(", "a'b", "NEAR(a%20b)", "OR%20NOT", "a:*", "-a", "%5C", "{a%20b}", "^a",
    "a%20%26%20b", "!a", "%3C-%3E", "%EF%B7%BA", "%F0%9F%98%80", "%ED%A0%80", "%E5%8C%BB" * 100, "zz%20" * 12,
]  # fmt: skip


@pytest.mark.anyio
async def test_no_search_is_taken_for_a_command(client: httpx.AsyncClient) -> None:
    for words in SEARCHES:
        answer = await client.get(f"/v1/services?q={words}")
        assert answer.status_code in {200, 422}, words


@pytest.mark.anyio
async def test_a_forged_cursor_is_refused_or_harmless(client: httpx.AsyncClient) -> None:
    values: list[Any] = [-1, 2**31, 10**40, -(10**40), True, None, "\0", "9999-99-99", []]
    urls = ["/v1/services?limit=2", "/v1/services?limit=2&q=%E5%8C%BB", "/v1/releases/1/changes?limit=2"]
    for url in [*urls, "/v1/changes?limit=2", "/v1/diff?from=0&kind=domains&limit=2"]:
        following = httpx.URL((await client.get(url)).json()["next"])
        genuine = following.params["cursor"]
        content = json.loads(base64.urlsafe_b64decode(genuine + "=" * (-len(genuine) % 4)))
        changes = [{name: value} for name in content for value in values]
        for n in range(len(content["after"])):
            before, after = content["after"][:n], content["after"][n + 1 :]
            changes += [{"after": [*before, value, *after]} for value in values]
        for change in changes:
            forged = base64.urlsafe_b64encode(json.dumps(content | change).encode()).decode().rstrip("=")
            answer = await client.get(following.copy_set_param("cursor", forged))
            assert answer.status_code in {200, 422}, change


def test_random_requests_that_are_not(sqlite_store: Store) -> None:
    answered = ask(sqlite_store.seeded, GenerationMode.NEGATIVE, OTHERWISE)
    assert answered[422] > OTHERWISE / 2
