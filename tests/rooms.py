"""A database of its own for one attempt, looked at from outside the program."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text
from sqlmodel import Session

from app.database import reading
from app.sealing import verify
from app.versioning import latest_release
from tests.changes import concept, put
from tests.running import Started, until


@dataclass
class Room:
    """A database of its own for one attempt, and a folder beside it."""

    url: str
    engine: Engine
    folder: Path

    def start(self, *arguments: str, **settings: Any) -> Started:
        """A command of the catalogue's, at work in this room."""
        return Started(self.folder, *arguments, url=self.url, **settings)

    def alone(self) -> None:
        """Waits until the database has noticed that the killed one is gone."""
        if self.engine.dialect.name == "postgresql":
            others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            with self.engine.connect() as connection:
                until(lambda: not connection.scalar(text(others + "AND pid <> pg_backend_pid()")))

    def releases(self) -> int:
        with Session(self.engine) as session:
            return latest_release(session)

    def seal(self) -> str | None:
        """The newest seal; fails where anything does not fit."""
        with reading(self.engine) as session:
            verified = verify(session)
        assert verified.broken == []
        return verified.seals[-1] if verified.seals else None

    def rows(self, table: str, where: str = "true", what: str = "*") -> int:
        with self.engine.connect() as connection:
            return connection.scalar(text(f"SELECT count({what}) FROM {table} WHERE {where}")) or 0

    def found(self, slugs: str) -> int:
        """How many resources the index for searches knows."""
        return self.rows("search_entry", f"slug LIKE '{slugs}'", "DISTINCT slug")

    def goes_on(self) -> None:
        """The next release can be published, and fits."""
        before = self.releases()
        assert put(self.engine, concept(slug="next", name="下一个")).release == before + 1
        self.seal()
