"""A database of every earlier schema, with what was published then: it is read, sealed and published into today."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, create_engine, text

from app.database import create, reading
from app.migrating import config, migrate
from app.sealing import verify
from tests.changes import concept, put, withdrawal
from tests.conftest import application, client_of
from tests.stores import Store

SOURCE = {"plan": "old-plan", "section": "前言", "quote": "旧规划", "reading": None, "fields": ["name"]}
SOURCES = [SOURCE | {"basis": "stated", "derivation": None}]
ROW = {"version": 1, "valid_from": "2021-01-01", "withdrawn": False, "slug": "old"}
Told = tuple[str, dict[str, Any]]  # table and row, as the program of then wrote them

# What each release brought, with the columns that there were at the schema it was published at.
HISTORY: list[tuple[str, list[list[Told]]]] = [
    (
        "0001",
        [
            [
                ("region_version", {"slug": "510000", "name": "四川省", "level": "province"}),
                (
                    "plan_version",
                    {
                        "slug": "old-plan",
                        "name": "旧规划",
                        "region": "510000",
                        "parents": [],
                        "sources": SOURCES,
                    },
                ),
                (
                    "domain_version",
                    {"name": "幼有所育", "plan": "old-plan", "ordinal": 1, "sources": SOURCES},
                ),
                ("concept_version", {"name": "扫雪", "aliases": ["除雪"]}),
                (
                    "service_version",
                    {
                        "name": "扫雪服务",
                        "plan": "old-plan",
                        "domain": "old",
                        "concept": "old",
                        "listed": True,
                        "sources": SOURCES,
                    },
                ),
                (
                    "search_entry",
                    {
                        "kind": "concepts",
                        "slug": "old",
                        "version": 1,
                        "field": "name",
                        "written": "text",
                        "weight": 0,
                        "text": "扫雪",
                        "whole": "扫雪",
                        "words": ["扫", "雪"],
                    },
                ),
            ],
            [("concept_version", {"version": 2, "name": "扫雪除冰", "aliases": [], "change_note": "More."})],
            [
                ("concept_version", {"slug": "gone", "name": "采冰", "aliases": []}),
                (
                    "concept_version",
                    {
                        "slug": "gone",
                        "version": 2,
                        "name": "采冰",
                        "aliases": [],
                        "withdrawn": True,
                        "withdrawn_because": "No ice.",
                        "valid_from": "2022-01-01",
                    },
                ),
            ],
        ],
    ),
    (
        "0002",
        [
            [
                (
                    "fact_version",
                    {
                        "slug": "age",
                        "name": "年龄",
                        "type": "integer",
                        "unit": "岁",
                        "minimum": 0,
                        "maximum": 150,
                        "values": [],
                        "question": "您多大年纪？",
                        "about": "person",
                        "sensitive": False,
                        "changes": "with_time",
                    },
                ),
                (
                    "rule_version",
                    {
                        "plan": "old-plan",
                        "service": "old",
                        "strength": "entitlement",
                        "open_ended": False,
                        "condition": {"fact": "age", "at_least": 60, "quote": "60岁以上"},
                        "other_readings": [],
                        "sources": SOURCES,
                    },
                ),
            ]
        ],
    ),
    (
        "0003",
        [
            [
                ("concept_version", {"version": 3, "name": "扫雪除冰", "aliases": [], "category": "support"}),
                (
                    "standard_version",
                    {
                        "name": "扫雪时限",
                        "plan": "old-plan",
                        "concept": "old",
                        "position": 1,
                        "measure": "deadline",
                        "comparator": "at_most",
                        "value": 24.0,
                        "value_text": "24小时",
                        "value_derived": False,
                        "firmness": "commitment",
                        "sources": SOURCES,
                    },
                ),
            ]
        ],
    ),
]
RELEASES = sum(len(releases) for _, releases in HISTORY)


@pytest.fixture
def new_url(store: Store, tmp_path: Any) -> Iterator[str]:
    """A database without any schema."""
    if store.name == "sqlite":
        yield f"sqlite:///{tmp_path}/old.db"
    else:
        url = store.copy("template0")
        yield url
        store.drop(url)


def upgrade(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        settings = config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, revision)


def insert(engine: Engine, table: str, row: dict[str, Any]) -> None:
    words = row.get("words")
    if words:
        placed = " ".join(f"'{word}':{n}" for n, word in enumerate(words, start=1))
        row = row | {"words": placed if engine.dialect.name == "postgresql" else " ".join(words)}
    quoted = engine.dialect.identifier_preparer.quote
    names = ", ".join(quoted(name) for name in row)
    marks = ", ".join(
        f"CAST(:{name} AS tsvector)"
        if name == "words" and engine.dialect.name == "postgresql"
        else f":{name}"
        for name in row
    )
    written = {
        name: json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
        for name, value in row.items()
    }
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), written)


def publish_as_then(engine: Engine, revision: str, first: int, releases: list[list[Told]]) -> None:
    upgrade(engine, revision)
    for number, rows in enumerate(releases, start=first):
        release = {"number": number, "recorded_at": f"2025-0{number}-01 00:00:00", "publisher": "clerk"}
        insert(engine, "release", release | {"message": f"At {revision}"})
        for table, row in rows:
            insert(engine, table, row if table == "search_entry" else ROW | {"release": number} | row)


@pytest.mark.anyio
@pytest.mark.parametrize("schemas", [1, 2, 3])
async def test_what_was_published_under_an_earlier_schema(new_url: str, schemas: int) -> None:
    """The first so many schemas were in use; then comes the program of today."""
    old, first = create_engine(new_url), 1
    for revision, releases in HISTORY[:schemas]:
        publish_as_then(old, revision, first, releases)
        first += len(releases)
    old.dispose()
    engine = create(new_url)
    migrate(engine)
    migrate(engine)  # a second time changes nothing
    with reading(engine) as session:
        sealed = verify(session)
    assert (sealed.broken, len(sealed.seals)) == ([], first - 1)
    app = application(new_url)
    async with client_of(app) as client:

        async def said(path: str, status: int = 200) -> Any:
            answer = await client.get(path)
            assert answer.status_code == status, (path, answer.text)
            return answer.json()

        for revision, releases in HISTORY[:schemas]:
            for rows in releases:
                for table, row in rows:
                    await check_read(said, table, ROW | row, revision)
        numbers = [one["number"] for one in (await said("/v1/releases"))["items"]]
        assert numbers == list(range(first - 1, 0, -1))
        assert (await said("/v1/concepts/old?release=1"))["name"] == "扫雪"
        assert (await said("/v1/concepts/gone", 410))["reason"] == "No ice."
        assert (await said("/v1/concepts/gone?on=2021-12-31"))["version"] == 1
        assert (await said("/v1/concepts?q=扫雪&release=1"))["total"] == 1
        assert (await said(f"/v1/releases/{first - 1}"))["seal"] == sealed.seals[-1]
        put(engine, concept(slug="old", name="扫雪除冰二"), concept(slug="new", name="新"))
        put(engine, withdrawals=[withdrawal("new", day="2024-01-01", reason="Enough.")])
        assert (await said("/v1/concepts/old"))["name"] == "扫雪除冰二"
        assert (await said("/v1/concepts/new", 410))["reason"] == "Enough."
        assert (await said("/v1/concepts/old?release=1"))["name"] == "扫雪"
    with reading(engine) as session:
        after = verify(session)
    assert (after.broken, after.seals[: first - 1]) == ([], sealed.seals)
    assert len(after.seals) == first + 1
    for one in (app.state.engine, engine):
        one.dispose()


async def check_read(said: Any, table: str, row: dict[str, Any], revision: str) -> None:
    """Over HTTP it reads as it was written; what the schema had no column for is null."""
    if table == "search_entry":
        return
    kind = "discrepancies" if table == "discrepancy_version" else table.removesuffix("_version") + "s"
    found = await said(f"/v1/{kind}/{row['slug']}/versions/{row['version']}")
    written = {
        "name",
        "aliases",
        "condition",
        "strength",
        "value",
        "question",
        "type",
        "ordinal",
        "withdrawn",
    }
    for name in written & row.keys() & found.keys():
        if name != "condition":
            assert found[name] == row[name], (revision, kind, name)
    if kind == "concepts":
        assert found["category"] == row.get("category")
    listed = await said(f"/v1/{kind}?limit=200")
    assert row["slug"] == "gone" or row["slug"] in {item["slug"] for item in listed["items"]}
