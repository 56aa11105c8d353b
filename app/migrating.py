"""Bringing a database's schema up to date, and telling whether it is."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlmodel import Session

from app.database import translated
from app.errors import StorageUnavailable

PROJECT = Path(__file__).parent.parent


def config() -> Config:
    return Config(toml_file=PROJECT / "pyproject.toml")


def is_current(connection: Connection) -> bool:
    """Whether the schema is the one that this program was written for."""
    return MigrationContext.configure(connection).get_current_revision() == newest()


@cache
def newest() -> str | None:
    """The newest revision that the program brings; it reads all migrations to tell."""
    return ScriptDirectory.from_config(config()).get_current_head()


def _require_utf8(connection: Connection) -> None:
    if connection.scalar(text("SELECT getdatabaseencoding()")) not in {"UTF8", b"UTF8"}:
        raise StorageUnavailable(
            "The PostgreSQL database is not in UTF-8: create one with ENCODING 'UTF8'.",
            "PostgreSQL 数据库不是 UTF-8 编码，请以 ENCODING 'UTF8' 新建数据库。",
        )


def migrate(engine: Engine) -> None:
    """Takes the schema to the newest revision; from an empty database, too."""
    with translated():
        if engine.dialect.name == "sqlite":
            with engine.connect() as connection:
                # Readers go on while a release is written; the file remembers it.
                connection.connection.execute("PRAGMA journal_mode = WAL")
        with engine.execution_options(publishing=True).begin() as connection:
            if engine.dialect.name == "postgresql":
                _require_utf8(connection)
                connection.execute(text("SELECT pg_advisory_xact_lock(7001803)"))
            settings = config()
            settings.attributes["connection"] = connection
            command.upgrade(settings, "head")
            _seal(connection)


def _seal(connection: Connection) -> None:
    """Seals the releases of a database from before there were seals, as they stand."""
    releases, seals = (
        connection.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608 - one of two names
        for table in ("release", "release_seal")
    )
    if seals == 0 and releases:
        from app.sealing import seal_missing  # takes a while to import, and is needed once

        with Session(bind=connection, join_transaction_mode="create_savepoint") as session:
            seal_missing(session)
            session.commit()
