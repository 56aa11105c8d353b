"""Backups: whole at some release while others publish, the same in either database, and refused when damaged."""

import gzip
import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlmodel import Session, SQLModel

from app.backup import FORMAT, NotWritten, backup
from app.catalogue import KINDS
from app.database import create, reading
from app.restoring import Refused, restore
from app.sealing import verify
from tests.changes import concept, put, withdrawal
from tests.conftest import TODAY, application, client_of
from tests.office import opened, submission
from tests.stores import Store

Lines = list[dict[str, Any]]


def seals(engine: Engine) -> list[str]:
    with reading(engine) as session:
        found = verify(session)
    assert found.broken == []
    return found.seals


@contextmanager
def fresh(store: Store) -> Iterator[Engine]:
    """An empty database to restore into."""
    url = store.copy("empty")
    engine = create(url, connections=5)
    yield engine
    engine.dispose()
    store.drop(url)


def check_empty(engine: Engine) -> None:
    with Session(engine) as session:
        for table in SQLModel.metadata.tables.values():
            assert session.scalar(select(func.count()).select_from(table)) == 0, table.name


@pytest.fixture
async def full(empty_engine: Engine) -> Engine:
    """A catalogue with something in every table that is backed up."""
    for name in ("甲", "乙", "丙"):
        put(empty_engine, concept(name=name), concept(slug=f"tea-{ord(name)}", name=name, aliases=["茶"]))
    put(empty_engine, withdrawals=[withdrawal(day="2024-01-01", reason="No snow.")])
    async with opened(empty_engine, direct_publishing=True) as office:
        await office.propose(concept(slug="salt", name="盐"))
        sent = submission(concept(slug="oil", name="油"), base=4)
        assert (await office.post("/v1/releases", sent, "publisher", "once")).status_code == 201
        made = await office.post("/v1/webhooks", {"url": "https://portal.example/hook"}, "reader")
        assert made.status_code == 201
    with Session(empty_engine) as session:
        for name, table in SQLModel.metadata.tables.items():
            in_it = session.scalar(select(func.count()).select_from(table))
            assert in_it or name in {str(k.row.__tablename__) for k in KINDS.values()}, name
    return empty_engine


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


# Damage


def lines_of(file: Path) -> Lines:
    with gzip.open(file, "rt", encoding="utf-8") as packed:
        return [json.loads(line) for line in packed]


def written(lines: Lines, file: Path) -> Path:
    """The lines as a backup, with a digest that fits them."""
    said = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    file.write_bytes(gzip.compress(said + json.dumps({"sha256": sha256(said).hexdigest()}).encode() + b"\n"))
    return file


def check_refused(engine: Engine, file: Path, saying: str = ".") -> None:
    with pytest.raises(Refused, match=saying):
        restore(engine, file)
    check_empty(engine)


@pytest.fixture
def target(store: Store) -> Iterator[Engine]:
    with fresh(store) as engine:
        yield engine


# Bytes of gzip's own header that say nothing of what is in it: when and by which system it was packed.
SAY_NOTHING = range(4, 10)


@pytest.mark.anyio
async def test_a_byte_that_changed_is_noticed(full: Engine, target: Engine, tmp_path: Path) -> None:
    backup(full, tmp_path / "sound")
    sound, choose = (tmp_path / "sound").read_bytes(), random.Random(1)  # noqa: S311 - it only spreads them
    damaged = tmp_path / "damaged"
    ends = [place for place in (*range(12), *range(len(sound) - 10, len(sound))) if place not in SAY_NOTHING]
    for place in (*ends, *(choose.randrange(12, len(sound)) for _ in range(60))):
        changed = bytearray(sound)
        changed[place] ^= 0xFE  # not the bit that only says that it is text
        damaged.write_bytes(changed)
        check_refused(target, damaged)
    restore(target, tmp_path / "sound")
    assert seals(target) == seals(full)


@pytest.mark.anyio
async def test_a_file_that_ends_anywhere_or_goes_on_is_noticed(
    full: Engine, target: Engine, tmp_path: Path
) -> None:
    backup(full, tmp_path / "sound")
    sound, choose = (tmp_path / "sound").read_bytes(), random.Random(2)  # noqa: S311 - it only spreads them
    damaged = tmp_path / "damaged"
    for length in (0, 1, 9, 10, 18, len(sound) - 1, *(choose.randrange(len(sound)) for _ in range(30))):
        damaged.write_bytes(sound[:length])
        check_refused(target, damaged)
    for more in (b"\x01", sound, gzip.compress(b"{}\n"), b"\x00" * 8 + b"!"):
        damaged.write_bytes(sound + more)
        check_refused(target, damaged)


def other(line: dict[str, Any], **values: Any) -> dict[str, Any]:
    return line | {"row": line["row"] | values}


FORGED: dict[str, Callable[[Lines], Lines]] = {
    "another format": lambda lines: [lines[0] | {"format": "public-service catalogue backup 2"}, *lines[1:]],
    "an older schema": lambda lines: [lines[0] | {"schema": "0001"}, *lines[1:]],
    "a newer schema": lambda lines: [lines[0] | {"schema": "9999"}, *lines[1:]],
    "fewer releases than it says": lambda lines: [lines[0] | {"releases": 9}, *lines[1:]],
    "another seal": lambda lines: [lines[0] | {"seal": "0" * 64}, *lines[1:]],
    "no seal": lambda lines: [lines[0] | {"seal": None}, *lines[1:]],
    "a head that is short": lambda lines: [{"format": FORMAT, "schema": lines[0]["schema"]}, *lines[1:]],
    "no head": lambda lines: lines[1:],
    "a head alone": lambda lines: lines[:1],
    "a list for a line": lambda lines: [*lines, []],  # type: ignore[list-item]
    "a row that is none": lambda lines: [*lines, {"table": "release", "row": [1]}],
    "a table that is none": lambda lines: [*lines, {"table": "sqlite_master", "row": {}}],
    "a table that is made anew": lambda lines: [*lines, {"table": "search_entry", "row": {"id": 1}}],
    "an empty row": lambda lines: [*lines, {"table": "webhook", "row": {}}],
    "a column that is none": lambda lines: [*lines[:-1], other(lines[-1], colour="red")],
    "a key nobody has": lambda lines: [*lines[:-1], other(lines[-1], key="nobody")],
    "the first release twice": lambda lines: [*lines[:2], *lines[1:]],
    "a reader who became a publisher": lambda lines: [
        *lines,
        *(x for x in lines if x.get("table") == "api_key"),
    ],
}
WRONG: list[Any] = [1, 2**70, -1, True, 1.5, "x", "x\x00", "\ud800", [], {}, "0000-00-00", "2024-06-01T25:00"]


@pytest.mark.anyio
@pytest.mark.parametrize("forge", FORGED)
async def test_what_was_forged_is_refused(full: Engine, target: Engine, tmp_path: Path, forge: str) -> None:
    backup(full, tmp_path / "sound")
    forged = FORGED[forge](lines_of(tmp_path / "sound")[:-1])
    check_refused(target, written(forged, tmp_path / "forged"), "schema" if "schema" in forge else ".")


@pytest.mark.anyio
async def test_lines_of_releases_removed_changed_or_swapped(
    full: Engine, target: Engine, store: Store, tmp_path: Path
) -> None:
    backup(full, tmp_path / "sound")
    lines, choose = lines_of(tmp_path / "sound")[:-1], random.Random(3)  # noqa: S311 - it only spreads them
    of_releases = [
        n for n, x in enumerate(lines) if x.get("table", "").endswith(("_version", "release", "seal"))
    ]
    forged = tmp_path / "forged"
    for place in of_releases:
        check_refused(target, written(lines[:place] + lines[place + 1 :], forged))
    for _ in range(80):
        changed, place = list(lines), choose.choice(of_releases)
        column = choose.choice(sorted(changed[place]["row"]))
        value = choose.choice(WRONG)
        if value != changed[place]["row"][column]:
            changed[place] = other(changed[place], **{column: value})
            check_refused(target, written(changed, forged))
    for _ in range(30):
        swapped = list(lines)
        one, two = choose.sample(of_releases, 2)
        swapped[one], swapped[two] = lines[two], lines[one]
        check_refused_or_the_same(target, written(swapped, forged), full, store)


def check_refused_or_the_same(target: Engine, file: Path, full: Engine, store: Store) -> None:
    """In which order the versions of one release stand does not matter."""
    try:
        with fresh(store) as engine:
            restore(engine, file)
            assert seals(engine) == seals(full)
    except Refused:
        check_refused(target, file)


@pytest.mark.anyio
async def test_wrong_values_beside_the_releases(
    full: Engine, target: Engine, store: Store, tmp_path: Path
) -> None:
    """Nothing seals them: they are taken or refused, and nothing else."""
    backup(full, tmp_path / "sound")
    lines, choose = lines_of(tmp_path / "sound")[:-1], random.Random(4)  # noqa: S311 - it only spreads them
    beside = [n for n, x in enumerate(lines) if x.get("table", "release") not in ("release", "release_seal")]
    beside = [n for n in beside if not lines[n]["table"].endswith("_version")]
    for _ in range(80):
        changed, place = list(lines), choose.choice(beside)
        column = choose.choice(sorted(changed[place]["row"]))
        changed[place] = other(changed[place], **{column: choose.choice(WRONG)})
        check_refused_or_the_same(target, written(changed, tmp_path / "forged"), full, store)


def test_a_small_file_that_unpacks_to_a_big_one(target: Engine, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb"
    with gzip.open(bomb, "wb") as packed:
        for _ in range(100):
            packed.write(bytes(1024 * 1024))
    assert bomb.stat().st_size < 1024 * 1024
    check_refused(target, bomb)
    head = {"format": FORMAT, "schema": "0004", "program": "1", "releases": 1, "seal": None}
    with gzip.open(bomb, "wb") as packed:
        packed.write(json.dumps(head).encode() + b"\n" + b'{"table": "release", "row": {}}\n' * 200_000)
    check_refused(target, bomb)


def test_a_database_that_holds_something_is_left_as_it_is(full_of_one: Engine, tmp_path: Path) -> None:
    before = seals(full_of_one)
    backup(full_of_one, tmp_path / "one")
    with pytest.raises(Refused, match="empty"):
        restore(full_of_one, tmp_path / "one")
    assert seals(full_of_one) == before


@pytest.fixture
def full_of_one(empty_engine: Engine) -> Engine:
    put(empty_engine, concept())
    return empty_engine
