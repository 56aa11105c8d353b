"""What tests ask for: either database, empty or seeded, to read or of one's own, and a client for it."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine

from app.database import create
from app.main import create_app
from app.settings import Settings
from tests.stores import SEED, Store, postgresql, rendered, sqlite, sqlite_file, take_away

TODAY = date(2024, 6, 1)
SHARED = pytest.StashKey[Path]()

# A folder that the workers of one run share


def pytest_configure(config: pytest.Config) -> None:
    handed_down = getattr(config, "workerinput", {}).get("shared")
    config.stash[SHARED] = Path(handed_down or tempfile.mkdtemp(prefix="catalogue-tests-"))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["shared"] = str(node.config.stash[SHARED])


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        take_away(config.stash[SHARED])


@pytest.fixture(scope="session")
def shared(pytestconfig: pytest.Config) -> Path:
    return pytestconfig.stash[SHARED]


# Databases


@pytest.fixture(scope="session")
def sqlite_store(shared: Path) -> Store:
    return sqlite(shared)


@pytest.fixture(scope="session")
def postgresql_store(shared: Path) -> Iterator[Store]:
    with postgresql(shared) as store:
        yield store


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Store:
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found


@pytest.fixture
def seeded_url(store: Store) -> Iterator[str]:
    """A seeded catalogue that the test may write to."""
    url = store.copy("seeded")
    yield url
    store.drop(url)


@pytest.fixture
def empty_url(store: Store) -> Iterator[str]:
    """A migrated catalogue without a release."""
    url = store.copy("empty")
    yield url
    store.drop(url)


@pytest.fixture(scope="session")
def whole_url(shared: Path) -> str:
    """The whole seed, to read; what the databases do alike is tested with less."""
    return sqlite_file(shared, "whole", SEED)


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


# Clients


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


def application(url: str, **settings: Any) -> FastAPI:
    return create_app(
        Settings(database_url=url, **({"log_level": "warning"} | settings)), today=lambda: TODAY
    )


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
    app = application(rendered(engine.url))
    async with client_of(app) as made:
        yield made
    app.state.engine.dispose()
