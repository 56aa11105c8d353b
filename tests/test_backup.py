"""Backups: whole at some release while others publish, and the same in either database."""

import os
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlmodel import Session

from app.backup import NotWritten, backup
from app.catalogue import KINDS
from app.database import create
from app.restoring import restore
from tests.changes import concept, put
from tests.conftest import TODAY, application, client_of
from tests.copies import fill, fresh, lines_of, seals
from tests.stores import Store


@pytest.fixture
async def full(empty_engine: Engine) -> Engine:
    return await fill(empty_engine)


async def answers(engine: Engine) -> dict[str, Any]:
    """What the API says: the first 400 of every list, single resources, histories, releases, searches."""
    app = application(engine.url.render_as_string(hide_password=False))
    told: dict[str, Any] = {}
    async with client_of(app) as client:
        urls = [f"/v1/{kind}?limit=200&on={TODAY}" for kind in (*KINDS, "releases")]
        urls += [
            "/v1/concepts?q=茶",
            "/v1/services?q=医疗&limit=200",
            "/v1/concepts/snow-clearing",
            "/readyz",
        ]
        for url in urls:
            page = told[url] = (await client.get(url)).json()
            if page.get("next"):
                told[page["next"]] = (await client.get(page["next"])).json()
            for item in page.get("items", [])[:2]:
                for link in ("self", "versions", "changes"):
                    if link in item.get("links", {}):
                        told[item["links"][link]] = (await client.get(item["links"][link])).json()
    app.state.engine.dispose()
    return told


@pytest.mark.anyio
async def test_from_one_database_to_the_other_and_back(
    sqlite_store: Store, postgresql_store: Store, tmp_path: Path
) -> None:
    url = sqlite_store.copy("seeded")
    engine = create(url)
    put(engine, concept(name="扫雪", aliases=["茶"]))
    before, first = await answers(engine), tmp_path / "first.backup"
    made = backup(engine, first)
    with fresh(postgresql_store) as there:
        assert restore(there, first) == made
        assert seals(there) == seals(engine)
        assert await answers(there) == before
        put(there, concept(name="除冰"))
        backup(there, tmp_path / "second.backup")
        with fresh(sqlite_store) as back:
            restore(back, tmp_path / "second.backup")
            assert seals(back) == seals(there)
            assert seals(back)[:-1] == seals(engine)
            assert await answers(back) == await answers(there)
    engine.dispose()
    sqlite_store.drop(url)


@pytest.mark.anyio
async def test_everything_comes_back(full: Engine, store: Store, tmp_path: Path) -> None:
    """Also keys, proposals, remembered answers and webhooks: a second backup is the first, but for its time."""
    backup(full, tmp_path / "one")
    with fresh(store) as engine:
        restore(engine, tmp_path / "one")
        backup(engine, tmp_path / "two")
        assert await answers(engine) == await answers(full)
    one, two = (lines_of(tmp_path / name) for name in ("one", "two"))
    assert one[1:-1] == two[1:-1]


def test_backups_while_somebody_publishes(
    empty_url: str, empty_engine: Engine, store: Store, tmp_path: Path
) -> None:
    put(empty_engine, concept())
    publisher, stop = create(empty_url, connections=2), Event()

    def go_on() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            put(publisher, concept(name=f"第{n}次"), concept(slug=f"tea-{n}", name="茶"))

    thread = Thread(target=go_on)
    thread.start()
    try:
        made = [backup(empty_engine, tmp_path / f"{n}.backup") for n in range(5)]
    finally:
        stop.set()
        thread.join()
    publisher.dispose()
    chain = seals(empty_engine)
    for n, summary in enumerate(made):
        with fresh(store) as engine:
            assert restore(engine, tmp_path / f"{n}.backup") == summary
            assert seals(engine) == chain[: summary.releases]
            with Session(engine) as session:
                rows = session.scalar(select(func.count()).select_from(KINDS["concepts"].row))
            assert rows == 2 * summary.releases - 1
    assert made[0].releases < made[-1].releases


def test_only_its_owner_may_read_it_and_nothing_is_overwritten(empty_engine: Engine, tmp_path: Path) -> None:
    put(empty_engine, concept())
    file = tmp_path / "catalogue.backup"
    backup(empty_engine, file)
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    with pytest.raises(NotWritten, match="exists"):
        backup(empty_engine, file)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_what_a_killed_backup_left_is_in_nobodys_way(empty_engine: Engine, tmp_path: Path) -> None:
    """In a container, every backup has the same process number."""
    put(empty_engine, concept())
    (tmp_path / f".catalogue.backup.{os.getpid()}.part").touch()
    assert backup(empty_engine, tmp_path / "catalogue.backup").releases == 1


def test_where_it_cannot_be_written_it_says_so(empty_engine: Engine, tmp_path: Path) -> None:
    put(empty_engine, concept())
    (tmp_path / "file").touch()
    for file in (tmp_path / "no-such-folder" / "one", tmp_path / "file" / "one"):
        with pytest.raises(NotWritten, match=f"{file} cannot be written: "):
            backup(empty_engine, file)
    assert [left.name for left in tmp_path.iterdir()] == ["file"]


def test_a_disk_that_knows_one_name_for_a_file(
    empty_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    put(empty_engine, concept())
    backup(empty_engine, tmp_path / "one")
    assert len(lines_of(tmp_path / "one")) == 5
    assert [left.name for left in tmp_path.iterdir()] == ["one"]
