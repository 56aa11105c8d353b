"""Answers kept in memory: the same as fresh ones, without asking the database again, and never out of date."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import Session

from app.cache import Answers, Asked, Kept
from app.database import writing
from app.kept import NAME, look_up
from app.kept import Store as LookedUp
from app.keys.models import create as create_key
from app.main import create_app
from app.settings import Settings
from tests.changes import CONCEPT, concept, put
from tests.conftest import TODAY, client_of
from tests.running import started
from tests.stores import LIZHOU, Store, statements

pytestmark = pytest.mark.anyio

FLOATING = f"/v1/plans/{LIZHOU}"
PINNED = f"{FLOATING}?on=2024-06-01&release=1"
READS = [
    FLOATING,
    PINNED,
    f"{FLOATING}/versions",
    f"{FLOATING}/versions/1",
    f"{FLOATING}?known_at=2999-01-01T00:00:00Z",
    "/v1/plans/no-such-plan",
    "/v1/services?limit=3",
    "/v1/services?limit=3&colour=red",
    "/v1/services?q=%E5%8C%BB%E7%96%97&limit=2",
    "/v1/services?resident_of=510802&listed=true&limit=5",
    "/v1/rules?on=2023-01-01&limit=2",
    "/v1/releases",
    "/v1/releases/1",
    "/v1/releases/1/changes?limit=4",
    "/v1/bundles/510802",
    "/healthz",
    "/readyz",
]
WAYS: list[dict[str, str]] = [
    {"Accept-Encoding": "identity"},
    {"Accept-Encoding": "gzip"},
    {"Accept-Language": "zh-CN"},
    {"Origin": "https://portal.example"},
    {"If-None-Match": '"other"'},
    {"If-None-Match": "*"},
]


class Calendar:
    """A day that a test can turn."""

    def __init__(self, day: date) -> None:
        self.day = day

    def __call__(self) -> date:
        return self.day


@asynccontextmanager
async def reading(
    url: str, today: Calendar | None = None, **settings: Any
) -> AsyncIterator[tuple[httpx.AsyncClient, Engine]]:
    """A client of an application of its own, and the engine that it asks."""
    app = create_app(
        Settings(database_url=url, log_level="warning", **settings), today=today or Calendar(TODAY)
    )
    try:
        async with client_of(app) as client:
            client.headers["X-Request-ID"] = "the-same"  # or each answer has one of its own
            yield client, app.state.engine
    finally:
        app.state.engine.dispose()


async def test_a_kept_answer_asks_for_the_latest_release_at_most(seeded_url: str) -> None:
    async with reading(seeded_url) as (client, engine):
        for url, asked in ((FLOATING, 1), (PINNED, 0), (f"{FLOATING}/versions/1", 0)):
            with statements(engine) as first:
                fresh = await client.get(url)
            assert len(first) > 2
            with statements(engine) as again:
                kept = await client.get(url)
                known = await client.get(url, headers={"If-None-Match": fresh.headers["etag"]})
            assert kept.content == fresh.content
            assert known.status_code == 304
            assert len(again) == 2 * asked, again
            assert all("max(release.number)" in statement for statement in again)


async def test_a_kept_answer_is_a_fresh_one(store: Store) -> None:
    async with reading(store.seeded) as (keeping, _), reading(store.seeded, cache_mb=0) as (fresh, _):
        for url in READS:
            for method in ("GET", "HEAD", "GET"):
                for way in WAYS:
                    answers = [await client.request(method, url, headers=way) for client in (fresh, keeping)]
                    one, other = ((a.status_code, sorted(a.headers.items()), a.content) for a in answers)
                    assert one == other, (method, url, way)


async def test_not_modified_says_the_same_kept_or_fresh(store: Store) -> None:
    async with reading(store.seeded) as (keeping, _), reading(store.seeded, cache_mb=0) as (fresh, _):
        for url in (FLOATING, PINNED, "/v1/services?limit=3"):
            tag = {"If-None-Match": (await keeping.get(url)).headers["etag"]}
            answers = [await client.get(url, headers=tag) for client in (fresh, keeping)]
            assert [answer.status_code for answer in answers] == [304, 304]
            said, kept = ({**answer.headers, "vary": ""} for answer in answers)
            assert said.items() <= kept.items()  # kept, it also says what the fresh one leaves out
            assert not any(name in kept for name in ("content-length", "content-type", "content-encoding"))


async def test_a_release_shows_in_the_very_next_read(engine: Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    async with reading(url) as (client, _):
        for number, name in enumerate(("扫雪", "扫雪除冰", "除冰"), start=2):
            before = await client.get("/v1/concepts?q=snow&limit=1")
            assert put(engine, concept(name=name)).release == number
            assert (await client.get("/v1/concepts/snow-clearing")).json()["name"] == name
            after = await client.get("/v1/concepts?q=snow&limit=1")
            assert (before.json()["release"], after.json()["release"]) == (number - 1, number)
            assert before.headers["etag"] != after.headers["etag"]
            pinned = await client.get(after.headers["content-location"])
            assert pinned.content == after.content


async def test_a_release_of_another_process_shows_in_the_very_next_read(
    seeded_url: str, tmp_path: Path
) -> None:
    (tmp_path / "regions").mkdir()
    document = {name: value for name, value in CONCEPT.items() if name != "kind"}
    (tmp_path / "concepts.yaml").write_text(
        yaml.safe_dump({"items": [document]}, allow_unicode=True), "utf-8"
    )
    async with reading(seeded_url) as (client, _):
        assert [(await client.get("/v1/releases")).json()["total"] for _ in range(2)] == [1, 1]
        assert (await client.get("/v1/concepts/snow-clearing")).status_code == 404
        process = started("publish", str(tmp_path), "--publisher", "elsewhere", url=seeded_url)
        said, complained = process.communicate(timeout=60)
        assert process.returncode == 0, (said, complained)
        assert (await client.get("/v1/releases")).json()["total"] == 2
        assert (await client.get("/v1/concepts/snow-clearing")).json()["name"] == CONCEPT["name"]


async def test_a_new_day_shows_in_the_very_next_read(store: Store) -> None:
    calendar = Calendar(date(2025, 12, 31))
    async with reading(store.seeded, calendar) as (client, _):
        for day, ended in (
            (date(2025, 12, 31), False),
            (date(2026, 1, 1), True),
            (date(2025, 12, 31), False),
        ):
            calendar.day = day
            for _ in range(2):
                page = (await client.get("/v1/services?limit=1")).json()
                assert page["on"] == day.isoformat()
                assert page["items"][0]["plan_period_ended"] is ended


async def test_what_is_kept_belongs_to_one_application(seeded_url: str, empty_url: str) -> None:
    async with reading(seeded_url) as (seeded, _), reading(empty_url) as (empty, _):
        for _ in range(2):
            assert (await seeded.get("/v1/services")).json()["total"] > 0
            assert (await empty.get("/v1/services")).json()["total"] == 0


async def test_a_read_with_a_key_is_kept_from_who_has_none(engine: Engine) -> None:
    with writing(engine) as session:
        key = create_key(session, "reader", "A reader")[1]
    url = engine.url.render_as_string(hide_password=False)
    async with reading(url, reading_takes_key=True) as (client, _):
        for _ in range(2):
            assert (await client.get(FLOATING, headers={"Authorization": f"Bearer {key}"})).status_code == 200
            assert (await client.get(FLOATING)).status_code == 401


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 20_000)), max_size=60), st.integers(3000, 60_000))
def test_no_more_is_kept_than_there_is_room_for(reads: list[tuple[int, int]], most: int) -> None:
    answers, last = Answers(most), dict[Asked, int]()
    for turn, (name, length) in enumerate(reads):
        asked: Asked = (str(name),)
        answers.keep(asked, Kept(None, [], bytes(length), str(turn)))
        last.pop(asked, None)
        last[asked] = turn
        kept = {one: answer.tag for one, answer in answers.kept.items()}
        assert sum(len(answer.body) for answer in answers.kept.values()) <= answers.size <= most or not kept
        # What is left is what was asked for last, each as it was kept last.
        assert kept == {one: str(last[one]) for one in list(last)[len(last) - len(kept) :]}


async def test_references_are_looked_up_once_for_a_day_and_a_release(engine: Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    async with reading(url, cache_mb=0) as (client, asked):
        first = (await client.get("/v1/services?limit=5")).json()
        slug = first["items"][0]["slug"]
        with statements(asked) as said:
            again = (await client.get("/v1/services?limit=5")).json()
            one = (await client.get(f"/v1/services/{slug}")).json()
        assert again == first
        assert one == first["items"][0]
        assert len(said) == 4, said  # for both: the latest release, and the services themselves
        concept_of = one["concept"]
        known = (await client.get(f"/v1/documents/concepts/{concept_of}")).json()
        put(engine, known | {"name": "改名", "change_note": "A test."}, publisher="clerk")
        assert (await client.get(f"/v1/services/{slug}")).json()["concept_name"] == "改名"
        before = await client.get(f"/v1/services/{slug}?release=1")
        assert before.json()["concept_name"] == one["concept_name"]


@given(st.lists(st.lists(st.integers(0, 12), max_size=6), max_size=30), st.integers(1, 8))
def test_what_was_looked_up_is_what_would_be_found(lookups: list[list[int]], most: int) -> None:
    there = {number: f"thing {number}" for number in range(0, 13, 2)}
    with Session(info={NAME: LookedUp(most)}) as session:
        for keys in lookups:
            asked: list[int] = []

            def ask(missing: list[int], asked: list[int] = asked) -> dict[int, str]:
                asked += missing
                return {key: there[key] for key in missing if key in there}

            found = look_up(session, "things", keys, ask)
            assert found == {key: there[key] for key in keys if key in there}
            assert len(asked) == len(set(asked))
            assert len(session.info[NAME].things) <= most
            assert look_up(session, "others", keys, lambda _: {}) == {}
