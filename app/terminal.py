"""What every command of the command line shares: where it prints, and its database."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from sqlalchemy import Engine

from app.settings import Settings

out = Console(highlight=False, soft_wrap=True, markup=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)


@contextmanager
def database() -> Iterator[Engine]:
    """The engine that the settings name, closed at the end."""
    from app.database import create

    engine = create(Settings().database_url, connections=1)
    try:
        yield engine
    finally:
        engine.dispose()
