"""Restore: an empty database is filled from a backup, all of it, or stays empty."""

import gzip
import json
import zlib
from collections.abc import Container, Iterable, Iterator
from datetime import date, datetime
from hashlib import sha256
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, Engine, Float, Integer, Table, func, insert, select
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import Session, col

from app.backup import BATCH, FORMAT, Summary, tables
from app.catalogue import KINDS
from app.database import Moment, writing
from app.errors import Problem
from app.faults import Said
from app.indexing import index
from app.migrating import newest
from app.sealing import verify
from app.versioning import latest_release

# No line of a real backup comes near: a document is bounded, and so is a changeset.
LONGEST_LINE = 64 * 1024 * 1024


class Refused(Problem):
    """A file that cannot be restored, or a place that it cannot be restored to."""

    status = 422
    urn = "backup-refused"
    title = Said("The backup cannot be restored", "无法恢复备份")


def _damaged() -> Refused:
    return Refused("It is no backup, or it is damaged.", "文件不是备份或已损坏。")


def restore(engine: Engine, file: Path) -> Summary:
    """Fills an empty, migrated database from a backup: all of it, found whole, or nothing.

    Raises `Refused` for a file that is damaged, changed or of another schema, and for a database that is not empty.
    """
    of_release, others = tables()
    by_name = {table.name: table for table in [*of_release, *others]}
    with writing(engine) as session:
        if latest_release(session) or any(
            session.scalar(select(func.count()).select_from(t)) for t in others
        ):
            raise Refused(
                "The database holds something already: name an empty one with DATABASE_URL and migrate it.",
                "数据库不是空的，请用 DATABASE_URL 指定一个空数据库并先运行 catalogue migrate。",
            )
        lines = _read(file, by_name)
        head = next(lines)
        count = 0
        try:
            for name, group in groupby(lines, key=itemgetter("table")):
                count += _fill(session, by_name[name], (line["row"] for line in group))
        except (IntegrityError, DataError) as error:
            raise _damaged() from error
        verified = verify(session)
        held = (len(verified.seals), verified.seals[-1] if verified.seals else None)
        if verified.broken or held != (head["releases"], head["seal"]):
            raise Refused(
                "Its releases are not as they were sealed: somebody changed the file.",
                "备份中的发布与其封存值不符，文件已被改动。",
            )
        _index(session)
        return Summary(head["releases"], head["seal"], count)


def _read(file: Path, known: Container[str]) -> Iterator[dict[str, Any]]:
    """The lines but the last, which must fit all before; first the head, which must fit this program."""
    digest, before, number = sha256(), b"", 0
    try:
        with gzip.open(file, "rb") as packed:
            while line := packed.readline(LONGEST_LINE):
                if number:
                    digest.update(before)
                    yield _head(before) if number == 1 else _line(before, known)
                before, number = line, number + 1
        said = json.loads(before)
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged() from error
    if said != {"sha256": digest.hexdigest()}:
        raise Refused("It is not whole, or somebody changed it.", "备份不完整或已被改动。")


def _line(written: bytes, known: Container[str]) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(written)
    if not (isinstance(line["row"], dict) and line["table"] in known):
        raise ValueError("no row")
    return line


def _head(written: bytes) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(written)
    if line["format"] != FORMAT:
        raise ValueError("another format")
    if line["schema"] != newest():
        raise Refused(
            f"It was made by version {line['program']} with schema {line['schema']}, this program has schema "
            f"{newest()}: restore it with that version into an empty database, then run `catalogue migrate` of this "
            "one.",
            f"该备份由版本 {line['program']}（结构 {line['schema']}）生成，本程序结构为 {newest()}："
            "请先用该版本恢复到空数据库，再用本程序运行 catalogue migrate。",
        )
    if not line.keys() >= {"releases", "seal"}:
        raise ValueError("no head")
    return line


def _fill(session: Session, table: Table, rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    for some in _batches(_typed(table, row) for row in rows):
        session.execute(insert(table), some)
        count += len(some)
    return count


def _index(session: Session) -> None:
    """Makes anew what searches look in: of what fits its seals, and no sooner."""
    for kind in KINDS.values():
        held = select(kind.row).where(col(kind.row.withdrawn).is_(False)).execution_options(yield_per=BATCH)
        for rows in session.scalars(held).partitions():
            index(session, [(row, row.version) for row in rows])


def _typed(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    try:
        if not row.keys() <= set(table.columns.keys()):
            raise ValueError("a column that is none")
        return {column.name: _of_type(column, row.get(column.name)) for column in table.columns}
    except (ValueError, TypeError) as error:
        raise _damaged() from error


PYTHON: dict[type[Any], type[Any]] = {Integer: int, Boolean: bool, Float: float}


def _of_type(column: Column[Any], value: Any) -> Any:  # noqa: ANN401 - whatever the column holds
    """The value as the database takes it; SQLite itself would take any."""
    if value is None:
        return None
    json.dumps(value, ensure_ascii=False).encode()  # half a character is none
    if isinstance(column.type, JSON):
        return value
    if isinstance(column.type, Moment):
        return datetime.fromisoformat(value)
    if isinstance(column.type, Date):
        return date.fromisoformat(value)
    python = PYTHON.get(type(column.type), str)
    if type(value) is not python and (python, type(value)) != (float, int):
        raise TypeError("another type")
    if (python is int and not -(2**31) <= value < 2**31) or (python is str and "\x00" in value):
        raise ValueError("no database keeps it")
    return value


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    remaining = iter(rows)
    while some := list(islice(remaining, BATCH)):
        yield some
