"""What goes wrong in operation, on both databases: nothing is lost, nothing is half done, and it is said clearly."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from subprocess import run
from threading import Barrier, Event
from typing import Any, NamedTuple

import httpx
import pytest
from sqlalchemy import JSON, Boolean, Date, Engine, Float, Integer, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, SQLModel

from app.catalogue import KINDS
from app.cli import main
from app.database import create
from app.errors import Conflict, StorageUnavailable
from app.main import create_app
from app.publishing import Published
from app.seed import load
from app.settings import Settings
from app.versioning import latest_release
from tests.changes import concept, put
from tests.conftest import application, client_of
from tests.running import PROJECT, Gate, Started, every, free_port, served, until
from tests.stores import SEED, Store, small_seed

VERSIONS = [str(row.__tablename__) for _, row in KINDS.values()]


def url_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def releases(engine: Engine) -> int:
    with Session(engine) as session:
        return latest_release(session)


@contextmanager
def onlooker(url: str) -> Iterator[Engine]:
    """Somebody else at the same database, with none of the program's own settings."""
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": 0, "isolation_level": None})
    else:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture
def bystander(seeded_url: str) -> Iterator[Engine]:
    with onlooker(seeded_url) as engine:
        yield engine


@pytest.fixture
def catalogue(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, list[str]]]:
    """`catalogue …` in this process: its exit code, and what it says on standard error."""

    def run(*arguments: str, url: str) -> tuple[int, list[str]]:
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setenv("LANG", "en_GB.UTF-8")
        monkeypatch.setattr("sys.argv", ["catalogue", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        return int(end.value.code or 0), capsys.readouterr().err.splitlines()

    return run


Catalogue = Callable[..., tuple[int, list[str]]]


def folder_of(folder: Path, names: dict[str, str]) -> Path:
    """A folder of seed files with one concept for each slug."""
    folder.mkdir(exist_ok=True)
    lines = [f"  - {{slug: {slug}, name: {name}}}\n" for slug, name in names.items()]
    (folder / "concepts.yaml").write_text("items:\n" + "".join(lines), encoding="utf-8")
    return folder


# A publisher is killed


class Stand(NamedTuple):
    """What readers see of the catalogue."""

    release: int
    totals: dict[str, int]
    concepts: dict[str, str]
    found: list[str]

    def followed_by(self, names: dict[str, str]) -> "Stand":
        """What they would see after one more release, of these concepts."""
        concepts = self.concepts | names
        totals = self.totals | {"releases": self.totals["releases"] + 1, "concepts": len(concepts)}
        found = sorted(name for name in concepts.values() if "尝试" in name)
        return Stand(self.release + 1, totals, concepts, found)


def stand(client: httpx.Client, words: str = "尝试") -> Stand:
    totals = {kind: client.get(f"/v1/{kind}?limit=1").json()["total"] for kind in ("releases", *KINDS)}
    concepts = {item["slug"]: item["name"] for item in every(client, "/v1/concepts?limit=200")}
    found = [item["name"] for item in every(client, f"/v1/concepts?q={words}&limit=200")]
    return Stand(client.get("/readyz").json()["release"], totals, concepts, sorted(found))


def is_publishing(engine: Engine) -> bool:
    """Whether a publisher's transaction is open, as it looks from outside."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            locks = "SELECT count(*) FROM pg_locks JOIN pg_database ON database = pg_database.oid "
            ours = "WHERE locktype = 'advisory' AND datname = current_database()"
            return bool(connection.scalar(text(locks + ours)))
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            connection.exec_driver_sql("ROLLBACK")
        except DBAPIError:
            return True
        return False


def last_write(engine: Engine) -> int:
    """When SQLite's journal was last written to."""
    journal = Path(f"{engine.url.database}-wal")
    return journal.stat().st_mtime_ns if journal.exists() else 0


def moments(engine: Engine) -> Iterator[Callable[[], bool]]:
    """When to kill: as the transaction begins, deep in it, while it is committed, and just after."""
    began: list[float] = []

    def deep() -> bool:
        if not began and is_publishing(engine):
            began.append(time.monotonic())
        return bool(began) and time.monotonic() - began[0] > 0.2

    yield lambda: is_publishing(engine)
    yield deep
    if engine.dialect.name == "sqlite":
        written = last_write(engine)
        yield lambda: last_write(engine) != written
    number = releases(engine)
    yield lambda: releases(engine) > number


def kill(process: Started, moment: Callable[[], bool]) -> None:
    until(lambda: moment() or process.ended(), pause=0.002)
    process.kill()


def test_a_killed_publisher_leaves_the_old_release_or_the_whole_new_one(
    empty_url: str, tmp_path: Path, catalogue: Catalogue
) -> None:
    """All else that is in the catalogue is a concept that the publisher does not touch."""
    ends = []
    calm = folder_of(tmp_path / "calm", {"snow-clearing": "扫雪除冰"})
    assert catalogue("publish", str(calm), "--publisher", "north", url=empty_url) == (0, [])
    with served(empty_url) as client, onlooker(empty_url) as bystander:
        before = stand(client)
        for attempt, moment in enumerate(moments(bystander)):
            names = {f"kill-{n}": f"第{attempt}次尝试之{n}" for n in range(60)}
            folder = folder_of(tmp_path / "seed", names)
            kill(Started(tmp_path, "publish", str(folder), url=empty_url), moment)
            until(lambda: not is_publishing(bystander))
            after = stand(client)
            whole = before.followed_by(names)
            assert after in (before, whole)
            ends.append("old" if after == before else "new")
            before = after
            if bystander.dialect.name == "sqlite":
                with bystander.connect() as connection:
                    assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert "old" in ends
        assert ends[-1] == "new"
        again = {"kill-0": "再次尝试"}
        assert catalogue("publish", str(folder_of(tmp_path / "seed", again)), url=empty_url) == (0, [])
        assert stand(client).concepts == before.concepts | again


# Publishers at once


def at_once(*publishers: Callable[[], Published]) -> list[Published | Conflict]:
    """Lets all of them begin at the same moment, each in a thread of its own."""
    barrier = Barrier(len(publishers))

    def begin(publisher: Callable[[], Published]) -> Published | Conflict:
        barrier.wait()
        try:
            return publisher()
        except Conflict as conflict:
            return conflict

    with ThreadPoolExecutor(len(publishers)) as threads:
        return list(threads.map(begin, publishers))


def test_of_two_who_change_the_same_one_wins_and_the_other_is_told(engine: Engine) -> None:
    ends = at_once(
        lambda: put(engine, concept(name="扫雪"), publisher="north", base=1),
        lambda: put(engine, concept(name="除冰"), publisher="south", base=1),
    )
    (won,) = [end for end in ends if isinstance(end, Published)]
    (lost,) = [end for end in ends if isinstance(end, Conflict)]
    winner = ("north", "south")[ends.index(won)]
    assert (won.release, lost.extra["release"]) == (2, 2)
    assert f"Release 2 by {winner} came first" in str(lost)
    assert releases(engine) == 2


def test_twenty_who_change_different_things_all_publish(engine: Engine) -> None:
    slugs = [f"crowd-{n}" for n in range(20)]
    ends = at_once(*(lambda slug=slug: put(engine, concept(slug=slug), base=1) for slug in slugs))
    numbers = [end.release for end in ends if isinstance(end, Published)]
    assert sorted(number or 0 for number in numbers) == list(range(2, 22))
    with engine.connect() as connection:
        found = connection.execute(text("SELECT slug, release FROM concept_version WHERE release > 1"))
        assert {row.slug: row.release for row in found} == dict(zip(slugs, numbers, strict=True))
        assert connection.scalar(text("SELECT count(*) FROM release")) == 21


def test_processes_that_publish_at_once(seeded_url: str, bystander: Engine, tmp_path: Path) -> None:
    """North and south change the same concept, east another one; all begin on top of release 1."""
    concepts = {"north": "snow-clearing", "south": "snow-clearing", "east": "ice-clearing"}
    gates = {who: Gate(tmp_path / who) for who in concepts}
    processes = {
        who: Started(
            tmp_path,
            "publish",
            str(folder_of(tmp_path / who, {slug: f"扫雪 {who}"})),
            "--publisher",
            who,
            url=seeded_url,
        )
        for who, slug in concepts.items()
    }
    for gate in gates.values():
        until(gate.reached)
    for gate in gates.values():
        gate.open()
    ends = {who: process.finished() for who, process in processes.items()}
    codes = {who: code for who, (code, _, _) in ends.items()}
    (loser,) = [who for who in ("north", "south") if codes[who] == 3]
    assert sorted(codes.values()) == [0, 0, 3]
    numbers = {int(ends[who][1].split()[2].rstrip(":")): who for who, code in codes.items() if code == 0}
    assert sorted(numbers) == [2, 3]
    (came_first,) = [number for number, who in numbers.items() if who != "east"]
    _, said, complaint = ends[loser]
    assert said == ""
    assert complaint.startswith(f"Release {came_first} by {numbers[came_first]} came first")
    assert complaint.count("\n") == 1
    assert releases(bystander) == 3


# A reader reads while somebody publishes

FIRST_DAY = date(2021, 1, 1)


def test_a_reader_sees_one_release_while_others_come(seeded_url: str, engine: Engine) -> None:
    """Release n+1 moves a service by n days and calls its concept n; both are read in one list, and page by page."""
    documents = load(small_seed()).documents
    service = next(d for d in documents if d["kind"] == "services" and d["domain"] == "lizhou-2021-housing")
    neighbours = f"/v1/services?domain={service['domain']}"
    finished = Event()
    seen: set[int] = set()

    def read(client: httpx.Client) -> None:
        try:
            while not finished.is_set():
                for limit in (200, 2):
                    first = client.get(f"{neighbours}&limit={limit}").raise_for_status().json()
                    pages = [first]
                    while pages[-1]["next"]:
                        pages.append(client.get(pages[-1]["next"]).raise_for_status().json())
                    items = [item for page in pages for item in page["items"]]
                    (moved,) = [item for item in items if item["slug"] == service["slug"]]
                    n = first["release"] - 1
                    day = (FIRST_DAY + timedelta(days=n)).isoformat()
                    assert {page["release"] for page in pages} == {n + 1}
                    assert len(items) == first["total"]
                    if n > 0:
                        assert (moved["valid_from"], moved["concept_name"]) == (day, f"第{n}次")
                    seen.add(n)
        finally:
            finished.set()

    with served(seeded_url) as client, ThreadPoolExecutor(3) as threads:
        readers = [threads.submit(read, client) for _ in range(3)]
        try:
            for n in range(1, 9):
                until(lambda: releases(engine) - 1 in seen or finished.is_set())
                day = (FIRST_DAY + timedelta(days=n)).isoformat()
                named = concept(slug=service["concept"], name=f"第{n}次", valid_from="0001-01-01")
                assert put(engine, service | {"valid_from": day}, named).release == n + 1
        finally:
            finished.set()
        for reader in readers:
            reader.result()
    assert seen >= set(range(8))


# The database refuses


def refused(engine: Engine, statement: str) -> str:
    with pytest.raises(DBAPIError) as caught, engine.connect() as connection:
        connection.exec_driver_sql(statement)
    return str(caught.value.orig)


def contents(engine: Engine) -> dict[str, list[Any]]:
    with engine.connect() as connection:
        return {
            table: sorted(map(repr, connection.execute(text(f"SELECT * FROM {table}"))))
            for table in ("release", *VERSIONS)
        }


def copied(engine: Engine, table: str, **values: str) -> str:
    """The rows of a table selected as they are, but for some columns: to follow `INSERT INTO`."""
    quoted = engine.dialect.identifier_preparer.quote
    names = [str(column["name"]) for column in inspect(engine).get_columns(table)]
    selected = ", ".join(values.get(name, quoted(name)) for name in names)
    return f"{table} ({', '.join(map(quoted, names))}) SELECT {selected} FROM {table}"


def put_something_everywhere(engine: Engine) -> None:
    """One version of every kind in release 1, straight into the tables: what it says does not matter here."""
    values: dict[Any, Any] = {Boolean: False, Integer: 1, Float: 1.0, Date: FIRST_DAY, JSON: []}
    with engine.begin() as connection:
        for table in (SQLModel.metadata.tables[name] for name in VERSIONS):
            row = {
                column.name: next((v for t, v in values.items() if isinstance(column.type, t)), "something")
                for column in table.columns
            }
            connection.execute(table.insert().values(row))


def test_what_is_published_cannot_be_changed_by_anybody(bystander: Engine) -> None:
    put_something_everywhere(bystander)
    before = contents(bystander)
    for table in ("release", *VERSIONS):
        column = "message" if table == "release" else "change_note"
        forged = {column: "'forged'"}
        statements = [f"UPDATE {table} SET {column} = 'forged'", f"DELETE FROM {table}"]
        if bystander.dialect.name == "sqlite":
            statements += [
                f"INSERT OR REPLACE INTO {copied(bystander, table, **forged)}",
                f"UPDATE OR REPLACE {table} SET {column} = 'forged'",
            ]
        else:
            key = "number" if table == "release" else "slug, version"
            statements += [
                f"TRUNCATE {table} CASCADE",
                f"INSERT INTO {copied(bystander, table)} WHERE true "
                f"ON CONFLICT ({key}) DO UPDATE SET {column} = 'forged'",
            ]
        for statement in statements:
            assert f"{table} is append-only" in refused(bystander, statement), statement
    assert contents(bystander) == before


def test_an_old_release_takes_no_more_versions(engine: Engine, bystander: Engine) -> None:
    put_something_everywhere(bystander)
    put(engine, concept())
    before = contents(bystander)
    for table in VERSIONS:
        for release in ("1", "3"):
            late = copied(bystander, table, version="999", release=release)
            said = refused(bystander, f"INSERT INTO {late} WHERE version = 1 AND release = 1")
            assert "a version belongs into the newest release" in said
    assert contents(bystander) == before


def test_a_version_without_a_release_is_refused(empty_url: str) -> None:
    engine = create_engine(empty_url)
    statement = (
        "INSERT INTO concept_version (slug, version, release, valid_from, withdrawn, name, aliases) "
        "VALUES ('early', 1, 1, '2021-01-01', false, '扫雪', '[]')"
    )
    assert "a version belongs into the newest release" in refused(engine, statement)
    engine.dispose()


# The database is not as it should be


def not_migrated(store: Store, tmp_path: Path) -> str:
    if store.name == "sqlite":
        return f"sqlite:///{tmp_path}/new.db"
    return store.copy("template0")


def away(store: Store, tmp_path: Path) -> str:
    if store.name == "sqlite":
        return f"sqlite:///{tmp_path}/no-such-folder/catalogue.db"
    return f"postgresql://clerk:open-sesame@127.0.0.1:{free_port()}/catalogue"


INTERNALS = (
    "sqlite",
    "postgresql",
    "psycopg",
    "select ",
    "traceback",
    "127.0.0.1",
    "open-sesame",
    "clerk",
    ".db",
)


def check_unavailable(answer: httpx.Response, because: str) -> None:
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:catalogue:problem:storage-unavailable"
    assert because in answer.json()["detail"]
    assert not [word for word in INTERNALS if word in answer.text.lower()]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("state", "because"),
    [(not_migrated, "run `catalogue migrate`"), (away, "cannot be reached")],
)
async def test_a_database_that_cannot_be_read(
    store: Store, tmp_path: Path, catalogue: Catalogue, state: Callable[[Store, Path], str], because: str
) -> None:
    url = state(store, tmp_path)
    app = application(url)
    async with client_of(app) as client:
        for path in ("/v1/services", "/v1/concepts/legal-aid", "/v1/releases/1/changes", "/readyz"):
            check_unavailable(await client.get(path), because)
        assert (await client.get("/healthz")).status_code == 200
    app.state.engine.dispose()
    code, said = catalogue("publish", str(SEED), url=url)
    assert (code, len(said)) == (4, 1)
    assert because in said[0]
    if state is away:
        assert catalogue("migrate", url=url) == (code, said)
    elif store.name == "postgresql":
        store.drop(url)


@pytest.mark.anyio
async def test_not_ready_before_the_first_release_and_after_an_update_of_the_program(
    empty_url: str, bystander: Engine
) -> None:
    with bystander.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    for url, because in [
        (empty_url, "run `catalogue publish seed/`"),
        (url_of(bystander), "run `catalogue migrate`"),
    ]:
        app = application(url)
        async with client_of(app) as client:
            check_unavailable(await client.get("/readyz"), because)
            assert (await client.get("/healthz")).status_code == 200
        app.state.engine.dispose()


@pytest.mark.anyio
async def test_a_read_only_database_is_read_and_not_written(
    seeded_url: str, bystander: Engine, tmp_path: Path, catalogue: Catalogue
) -> None:
    url = f"sqlite:///file:{bystander.url.database}?mode=ro&uri=true"
    if bystander.dialect.name == "postgresql":
        url = seeded_url
        with bystander.connect() as connection:
            name = bystander.url.database
            connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    before = contents(bystander)
    app = application(url)
    async with client_of(app) as client:
        assert (await client.get("/readyz")).status_code == 200
        assert (await client.get("/v1/services?q=医疗")).json()["total"] > 0
    app.state.engine.dispose()
    code, said = catalogue("publish", str(folder_of(tmp_path / "seed", {"snow": "扫雪"})), url=url)
    assert (code, len(said)) == (4, 1)
    assert "read-only" in said[0]
    assert contents(bystander) == before


def test_a_full_disk_changes_nothing(sqlite_store: Store, tmp_path: Path, catalogue: Catalogue) -> None:
    url = sqlite_store.copy("seeded")
    engine, roomy = create(url), create(url)
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 1"))
    before = contents(roomy)
    many = [concept(slug=f"much-{n}", name=f"扫雪{n}", aliases=["除冰" * 90]) for n in range(30)]
    with pytest.raises(StorageUnavailable, match="disk"):
        put(engine, *many)
    assert contents(roomy) == before
    assert put(roomy, *many).release == 2
    for one in (engine, roomy):
        one.dispose()
    folder = folder_of(tmp_path / "seed", {f"more-{n}": f"除冰{n}" for n in range(300)})
    limited = ("bash", "-c", 'ulimit -f 100; exec "$@"', "bash", sys.executable, "-m", "app")
    env = os.environ | {"DATABASE_URL": url, "LANG": "en_GB.UTF-8"}
    ended = run(
        [*limited, "publish", folder], cwd=PROJECT, env=env, capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.returncode, ended.stderr.count("\n")) == ("", 4, 1)
    assert "disk" in ended.stderr
    assert catalogue("publish", str(folder), url=url) == (0, [])
    sqlite_store.drop(url)


@pytest.mark.anyio
async def test_a_file_that_is_no_database(tmp_path: Path, catalogue: Catalogue) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear clerk, " * 1000)
    url = f"sqlite:///{file}"
    app = application(url)
    async with client_of(app) as client:
        check_unavailable(await client.get("/v1/services"), "check DATABASE_URL")
    app.state.engine.dispose()
    for arguments in (("migrate",), ("publish", str(SEED))):
        code, said = catalogue(*arguments, url=url)
        assert (code, len(said)) == (4, 1)
    assert file.read_text().startswith("Dear clerk")


@pytest.mark.anyio
async def test_a_restarted_database_is_found_again(postgresql_store: Store) -> None:
    url = postgresql_store.copy("seeded")
    app, operator = application(url), create_engine(url, isolation_level="AUTOCOMMIT")
    async with client_of(app) as client:
        assert (await client.get("/v1/plans")).status_code == 200
        with operator.connect() as connection:
            others = (
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            )
            assert connection.execute(text(f"{others} AND pid <> pg_backend_pid()")).all()
        assert (await client.get("/v1/plans")).status_code == 200
    for engine in (app.state.engine, operator):
        engine.dispose()
    postgresql_store.drop(url)


# The program is not as it should be


@pytest.mark.anyio
async def test_a_failure_nobody_thought_of_shows_nothing_of_itself(
    seeded_url: str, bystander: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with bystander.connect() as connection:
        statement = copied(bystander, "concept_version", slug="'damaged'", aliases="'{\"secret\": 1}'")
        connection.exec_driver_sql(f"INSERT INTO {statement} WHERE slug = 'legal-aid'")
    app = create_app(Settings(database_url=seeded_url, log_level="info"))
    async with client_of(app) as client:
        answer = await client.get("/v1/concepts/damaged", headers={"Accept-Language": "zh"})
        assert (await client.get("/v1/concepts/legal-aid")).status_code == 200
    app.state.engine.dispose()
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:catalogue:problem:internal-error",
        "title": "系统内部错误",
        "status": 500,
        "detail": "未作任何更改。请重试；如仍有问题，请将本应答的 X-Request-ID 告知管理员。",
    }
    logged = capsys.readouterr().err
    assert "secret" not in logged
    lines = [json.loads(line) for line in logged.splitlines()]
    (failure,) = [line for line in lines if line["level"] == "error"]
    assert (failure["path"], failure["error"]) == ("/v1/concepts/damaged", "ValidationError")
    assert "concepts/models.py" in "".join(failure["trace"])
    assert [line["status"] for line in lines if line["event"] == "request"] == [500, 200]
