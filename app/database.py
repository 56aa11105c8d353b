"""The engine, and the two ways to use it: `reading` sees one state, `writing` is the only commit."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Engine, TypeDecorator, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session, SQLModel

from app import kept
from app.errors import StorageUnavailable
from app.faults import Said

# Names that a migration on either database can rely on.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# Seconds that one writer waits for another before it gives up.
PATIENCE = 30

# Rows of one INSERT, and slugs of one SELECT: well below what either database takes.
BATCH = 500

# One publisher at a time; any number will do as long as it is only used here.
PUBLISHING_LOCK = 7_001_802


class Moment(TypeDecorator[datetime]):
    """A point in time, kept as UTC; SQLite has no time zones of its own."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def to_json(value: Any) -> str:  # noqa: ANN401 - SQLAlchemy hands over whatever a JSON column holds
    return json.dumps(value, ensure_ascii=False)


def create(url: str, *, connections: int = 40) -> Engine:
    """An engine with at least as many connections as there are threads to use them."""
    # An error's text ends up in the log; what people searched for must not.
    common: dict[str, Any] = {
        "json_serializer": to_json,
        "hide_parameters": True,
        "pool_size": min(connections, 10),
        "max_overflow": max(connections - 10, 0),
        "pool_timeout": 10,
    }
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, **common)
    engine = create_engine(url, connect_args={"timeout": PATIENCE}, **common)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    # The driver would begin transactions by itself, too late for a consistent read: we say when.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's event signature
    # A writer takes the lock at once: two publishers queue up instead of failing half-way.
    publishing = connection.get_execution_options().get("publishing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if publishing else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that is never committed."""
    with translated(), Session(engine, info={kept.NAME: kept.store_of(engine)}) as session:
        yield session


@contextmanager
def snapshot(engine: Engine) -> Iterator[Session]:
    """A session that sees the database as it is now, however long it reads."""
    level = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with translated(), Session(engine.execution_options(**level)) as session:
        yield session


@contextmanager
def writing(engine: Engine, *, keep: bool = True) -> Iterator[Session]:
    """The one transaction that changes anything: all of it is committed, or nothing.

    Writers take turns; each sees all that the one before it has committed. Unless it is to `keep` what was
    written, that is undone at the end: a trial.
    """
    with translated(), Session(engine.execution_options(publishing=True)) as session:
        if engine.dialect.name == "postgresql":
            session.execute(text(f"SET LOCAL lock_timeout = {int(PATIENCE * 1000)}"))
            session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": PUBLISHING_LOCK})
        yield session
        if keep:
            session.commit()


@contextmanager
def at_once(engine: Engine) -> Iterator[Session]:
    """A small write that is not worth waiting for: `StorageUnavailable` where somebody else is writing."""
    quick = {"postgresql": "SET LOCAL lock_timeout = '50ms'", "sqlite": "PRAGMA busy_timeout = 0"}
    with translated(), engine.connect() as connection:
        connection.execute(text(quick[engine.dialect.name]))
        try:
            with Session(bind=connection) as session:
                yield session
            connection.commit()
        finally:
            connection.rollback()
            if engine.dialect.name == "sqlite":
                connection.execute(text(f"PRAGMA busy_timeout = {PATIENCE * 1000}"))


def batches(slugs: list[str]) -> Iterator[list[str]]:
    """Slugs in portions of which each goes into one statement."""
    yield from (slugs[start : start + BATCH] for start in range(0, len(slugs), BATCH))


@contextmanager
def translated() -> Iterator[None]:
    """Driver errors that an operator can do something about, translated at this one edge."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        problem = _storage_problem(error)
        if problem is None:
            raise
        raise problem from error


# Found by the driver's code and not in its message, which may quote a value.
STORAGE_PROBLEMS = {
    ("42P01", "42703"): Said(
        "The database is not migrated: run `catalogue migrate`.",
        "数据库尚未初始化或升级，请运行 catalogue migrate。",
    ),
    ("SQLITE_FULL", "SQLITE_IOERR", "53100", "58030"): Said(
        "The disk of the database is full or fails: make room and try again. Nothing was changed.",
        "数据库所在磁盘已满或出错，请清理后重试。未作任何更改。",
    ),
    ("SQLITE_READONLY", "25006"): Said(
        "The database is read-only: give the program the right to write to it. Nothing was changed.",
        "数据库为只读，请赋予写入权限。未作任何更改。",
    ),
    ("SQLITE_BUSY", "SQLITE_LOCKED", "40001", "40P01", "55P03"): Said(
        "The database is locked by another program: try again in a moment. Nothing was changed.",
        "数据库被其他程序占用，请稍后重试。未作任何更改。",
    ),
    ("SQLITE_NOTADB", "SQLITE_CORRUPT"): Said(
        "The database's file is damaged or something else: check DATABASE_URL, or restore a copy.",
        "数据库文件已损坏或不是数据库，请检查 DATABASE_URL 或恢复备份。",
    ),
}
UNREACHABLE = Said(
    "The database cannot be reached: check DATABASE_URL and that the server runs.",
    "无法连接数据库，请检查 DATABASE_URL 及数据库服务。",
)


def _storage_problem(error: DBAPIError | sqlite3.Error) -> StorageUnavailable | None:
    reason = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(reason, "sqlite_errorname", None) or getattr(reason, "sqlstate", None) or ""
    if code == "SQLITE_ERROR":  # all that SQLite has no code of its own for, our mistakes among them
        missing = str(reason).startswith(("no such table", "no such column"))
        code = "42P01" if missing else code
    for codes, said in STORAGE_PROBLEMS.items():
        if code.startswith(codes):
            return StorageUnavailable(*said)
    unreachable = isinstance(error, OperationalError | InterfaceError | sqlite3.OperationalError)
    if code == "SQLITE_ERROR" or not unreachable:
        return None  # not the storage's fault but ours
    return StorageUnavailable(*UNREACHABLE)
