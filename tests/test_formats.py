"""Whole lists as files: every kind in every format says what the pages say."""

import csv
import io
import json
import subprocess
import sys
from typing import Any
from urllib.parse import unquote

import httpx
import pyarrow.parquet
import pytest
from openpyxl import load_workbook

from app.catalogue import KINDS
from app.sheets.csvs import unguarded
from app.sheets.formats import FORMATS
from app.sheets.tables import header, noun
from tests.stores import LIZHOU, SEED

pytestmark = pytest.mark.anyio

# Narrowed where a list is long, so that pages and files are read quickly; `every` knows no other way than pages.
FILTERS = {"regions": "within=510000&", "services": "listed=true&", "concepts": "category=health&"}


async def pages(client: httpx.AsyncClient, url: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    following: str | None = f"{url}limit=200"
    while following:
        page = (await client.get(following)).raise_for_status().json()
        items += page["items"]
        following = page["next"]
    return items


def as_json(items: Any) -> Any:
    return json.loads(json.dumps(items, default=str))


def rows_of_csv(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert content.count(b"\r\n") == len(rows)
    return [[unguarded(cell) for cell in row] for row in rows]


@pytest.mark.parametrize("kind", KINDS)
async def test_every_list_in_every_format(client: httpx.AsyncClient, kind: str) -> None:
    url = f"/v1/{kind}?{FILTERS.get(kind, '')}"
    items = await pages(client, url)
    slugs = [item["slug"] for item in items]
    assert slugs
    answers = {name: await client.get(f"{url}format={name}") for name in FORMATS}
    for name, answer in answers.items():
        assert answer.status_code == 200, name
        assert answer.headers["content-type"] == FORMATS[name].media_type
        plain, chinese = answer.headers["content-disposition"].removeprefix("attachment; ").split("; ")
        assert plain == f'filename="{kind}-2024-06-01-release-1.{name}"'
        assert unquote(chinese) == f"filename*=UTF-8''{noun(kind)}-2024-06-01-发布1.{name}"
    whole = answers["json"].json()
    assert whole == {"items": items, "total": len(items), "on": "2024-06-01", "release": 1, "next": None}
    assert [json.loads(line) for line in answers["ndjson"].text.splitlines()] == items

    titles, *rows = rows_of_csv(answers["csv"].content)
    assert titles == header(kind, alone=True)
    assert [row[0] for row in rows] == slugs
    book = load_workbook(io.BytesIO(answers["xlsx"].content), read_only=True)
    assert [row[0] for row in book[noun(kind)].iter_rows(min_row=2, values_only=True)] == slugs

    table = pyarrow.parquet.read_table(io.BytesIO(answers["parquet"].content))
    assert table.schema.metadata[b"release"] == b"1"
    for line, item in zip(table.to_pylist(), items, strict=True):
        for name, value in item.items():
            if name == "recorded_at":
                continue
            said = (
                json.loads(line[name])
                if isinstance(value, dict) and isinstance(line[name], str)
                else line[name]
            )
            if not (isinstance(value, list) and value and isinstance(value[0], dict)):
                assert as_json(said) == value, (name, item["slug"])


@pytest.mark.parametrize("name", FORMATS)
async def test_a_file_is_cached_like_its_list(client: httpx.AsyncClient, name: str) -> None:
    url = f"/v1/domains?format={name}"
    first = await client.get(url)
    assert first.headers["cache-control"] == "public, max-age=60"
    assert first.headers["content-location"] == f"{url}&on=2024-06-01&release=1"
    tag = first.headers["etag"]
    assert (await client.get(url, headers={"If-None-Match": tag})).status_code == 304
    assert tag not in {
        (await client.get(f"/v1/domains?format={n}")).headers["etag"] for n in FORMATS if n != name
    }
    pinned = await client.get(first.headers["content-location"])
    assert "immutable" in pinned.headers["cache-control"]
    # The same list at the same release is the same file, byte for byte.
    assert pinned.content == first.content
    head = await client.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-disposition"] == first.headers["content-disposition"]


async def test_filters_and_search_hold_for_files(client: httpx.AsyncClient) -> None:
    url = f"/v1/services?plan={LIZHOU}&listed=true&q=医疗&"
    items = await pages(client, url)
    answer = await client.get(f"{url}format=ndjson")
    assert [json.loads(line) for line in answer.text.splitlines()] == items
    assert all("matched" in item for item in items)
    rows = rows_of_csv((await client.get(f"{url}format=csv")).content)[1:]
    assert [row[0] for row in rows] == [item["slug"] for item in items]
    book = load_workbook(io.BytesIO((await client.get(f"{url}format=xlsx")).content), read_only=True)
    about = {row[0]: row[1] for row in book["说明"].iter_rows(values_only=True) if len(row) > 1}
    assert (about["筛选 plan"], about["筛选 q"]) == (LIZHOU, "医疗")


async def test_an_empty_list_is_a_file_too(client: httpx.AsyncClient) -> None:
    for name in FORMATS:
        assert (await client.get(f"/v1/services?plan=no-such-plan&format={name}")).status_code == 200
    whole = (await client.get("/v1/services?release=0&format=json")).json()
    assert (whole["items"], whole["total"], whole["release"]) == ([], 0, 0)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("format=exe", "format"),
        ("format=", "format"),
        ("format=CSV", "format"),
        ("format=csv&limit=10", "limit"),
        ("format=csv&cursor=abc", "cursor"),
        ("format=csv&colour=red", "colour"),
        ("format=xlsx&region=999999", "region"),
    ],
)
async def test_what_is_wrong_is_said(client: httpx.AsyncClient, query: str, parameter: str) -> None:
    answer = await client.get(f"/v1/services?{query}")
    assert answer.status_code == 422
    assert [error["parameter"] for error in answer.json()["errors"]] == [parameter]
    assert "content-disposition" not in answer.headers


@pytest.mark.parametrize(
    ("room", "heavy"),
    [("app.main", "xlsxwriter openpyxl pyarrow"), ("app.cli", "fastapi sqlmodel alembic opencc uvicorn")],
)
def test_a_start_loads_nothing_that_it_may_never_need(room: str, heavy: str) -> None:
    program = f"import {room}, sys; sys.exit(len({set(heavy.split())} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], cwd=SEED.parent, check=False).returncode == 0


async def test_versions_and_releases_have_no_files(client: httpx.AsyncClient) -> None:
    for url in (f"/v1/plans/{LIZHOU}", f"/v1/plans/{LIZHOU}/versions", "/v1/releases"):
        assert (await client.get(f"{url}?format=csv")).status_code == 422


async def test_the_document_names_every_format(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    for kind in KINDS:
        content = paths[f"/v1/{kind}"]["get"]["responses"]["200"]["content"]
        assert list(content) == [made.media_type.partition(";")[0] for made in FORMATS.values()]
