"""Backup and restore: everything in one file that says itself whether it is whole.

The file is gzipped lines of JSON: what made it, then each release with its versions and its seal, then the other
tables, then a SHA-256 over all lines before. It is the same for both databases, so a backup also moves a catalogue
from one to the other. What can be made anew, such as the index that searches look in, is not in it.
"""

import gzip
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import chain, groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Date, Engine, Table, func, insert, select
from sqlmodel import Session, SQLModel

from app import __version__
from app.catalogue import KINDS
from app.database import Moment, snapshot, writing
from app.errors import Invalid, Problem, Said
from app.keys.models import Key
from app.migrating import newest
from app.proposals.models import Proposal
from app.replay import RememberedAnswer
from app.sealing import Seal, verify
from app.search import index
from app.versioning import latest_release
from app.webhooks.models import Webhook

FORMAT = "public-service-catalogue backup 1"
# No line of a real backup comes near: a document is bounded, and so is a changeset.
LONGEST_LINE = 64 * 1024 * 1024
BATCH = 500
# What a backup has besides the releases: importing them makes their tables known.
KEPT_BESIDE = (Key, Proposal, RememberedAnswer, Webhook)


class Refused(Problem):
    """A file that cannot be restored, or a place that it cannot be restored to."""

    status = 422
    urn = "backup-refused"
    title = Said("The backup cannot be restored", "无法恢复备份")


class Summary(NamedTuple):
    """What a backup holds."""

    releases: int
    seal: str | None
    rows: int


def backup(engine: Engine, file: Path) -> Summary:
    """Writes a backup as the catalogue stands now, while others read and publish.

    The file appears under its name when it is whole; it holds secrets of webhooks, so that only its owner may read it.
    """
    if file.exists():
        raise Invalid.at("", f"{file} exists: give another name.", f"{file} 已存在，请换用其他文件名。")
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with snapshot(engine) as session, os.fdopen(_for_owner(unfinished), "wb") as raw:
            with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as packed:
                summary = _write(session, packed)
            raw.flush()
            os.fsync(raw.fileno())
        os.link(unfinished, file)  # unlike a rename, it never takes the place of another
    except FileExistsError:
        raise Invalid.at(
            "", f"{file} exists: give another name.", f"{file} 已存在，请换用其他文件名。"
        ) from None
    finally:
        with suppress(FileNotFoundError):
            unfinished.unlink()
    return summary


def _for_owner(file: Path) -> int:
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _write(session: Session, packed: gzip.GzipFile) -> Summary:
    digest, rows = sha256(), 0
    releases = latest_release(session)
    stored = session.get(Seal, releases)
    seal = stored.seal if stored else None
    head = {
        "format": FORMAT,
        "schema": newest(),
        "program": __version__,
        "made_at": datetime.now(UTC).isoformat(),
        "releases": releases,
        "seal": seal,
    }
    for line in chain([head], _lines(session, releases)):
        written = json.dumps(line, ensure_ascii=False, default=_plain).encode() + b"\n"
        digest.update(written)
        packed.write(written)
        rows += "row" in line
    packed.write(json.dumps({"sha256": digest.hexdigest()}).encode() + b"\n")
    return Summary(releases, seal, rows)


def _lines(session: Session, releases: int) -> Iterator[dict[str, Any]]:
    of_release, others = _tables()
    for number in range(1, releases + 1):
        for table in of_release:
            column = table.c.number if table.name == "release" else table.c.release
            yield from _rows(session, table, column == number)
    for table in others:
        yield from _rows(session, table)


def _tables() -> tuple[list[Table], list[Table]]:
    """Those that belong to releases, in the order in which they may be filled, and all the others."""
    every = SQLModel.metadata.tables
    names = ["release", *(str(kind.row.__tablename__) for kind in KINDS.values()), "release_seal"]
    made_anew = {"search_entry"}
    others = [t for t in SQLModel.metadata.sorted_tables if t.name not in {*names, *made_anew}]
    return [every[name] for name in names], others


def _rows(session: Session, table: Table, *where: ColumnElement[bool]) -> Iterator[dict[str, Any]]:
    found = session.execute(
        select(table).where(*where).order_by(*table.primary_key).execution_options(yield_per=BATCH)
    )
    for row in found.mappings():
        yield {"table": table.name, "row": {name: value for name, value in row.items() if value is not None}}


def _plain(value: date | datetime) -> str:
    return value.isoformat()


def restore(engine: Engine, file: Path) -> Summary:
    """Fills an empty, migrated database from a backup: all of it, found whole, or nothing.

    Raises `Refused` for a file that is damaged, changed or of another schema, and for a database that is not empty.
    """
    of_release, others = _tables()
    tables = {table.name: table for table in [*of_release, *others]}
    with writing(engine) as session:
        if latest_release(session) or any(
            session.scalar(select(func.count()).select_from(t)) for t in others
        ):
            raise Refused(
                "The database holds something already: name an empty one with DATABASE_URL and migrate it.",
                "数据库不是空的，请用 DATABASE_URL 指定一个空数据库并先运行 catalogue migrate。",
            )
        lines = _read(file)
        head = next(lines)
        count = 0
        for name, group in groupby(lines, key=itemgetter("table")):
            count += _fill(session, tables[name], (line["row"] for line in group))
        verified = verify(session)
        if verified.broken or verified.seals[-1:] != [seal for seal in [head["seal"]] if seal]:
            raise Refused(
                "Its releases are not as they were sealed: somebody changed the file.",
                "备份中的发布与其封存值不符，文件已被改动。",
            )
        return Summary(head["releases"], head["seal"], count)


def _read(file: Path) -> Iterator[dict[str, Any]]:
    """The lines but the last, which must fit all before; first the head, which must fit this program."""
    digest, before, number = sha256(), b"", 0
    try:
        with gzip.open(file, "rb") as packed:
            while line := packed.readline(LONGEST_LINE):
                if number:
                    digest.update(before)
                    yield _understood(before, first=number == 1)
                before, number = line, number + 1
        said = json.loads(before)
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused("It is no backup, or it is damaged.", "文件不是备份或已损坏。") from error
    if said != {"sha256": digest.hexdigest()}:
        raise Refused("It is not whole, or somebody changed it.", "备份不完整或已被改动。")


def _understood(written: bytes, *, first: bool) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(written)
    if not first:
        if not (isinstance(line["row"], dict) and line["table"] in SQLModel.metadata.tables):
            raise ValueError("no row")
        return line
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
    return line


def _fill(session: Session, table: Table, rows: Iterable[dict[str, Any]]) -> int:
    kinds = {str(kind.row.__tablename__): kind.row for kind in KINDS.values()}
    count = 0
    for some in _batches(_typed(table, row) for row in rows):
        session.execute(insert(table), some)
        count += len(some)
        if row := kinds.get(table.name):
            versions = [row(**values) for values in some if not values["withdrawn"]]
            index(session, [(version, version.version) for version in versions])
    return count


def _typed(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    try:
        return {column.name: _of_type(column, row.get(column.name)) for column in table.columns}
    except (ValueError, TypeError) as error:
        raise Refused("It is no backup, or it is damaged.", "文件不是备份或已损坏。") from error


def _of_type(column: Column[Any], value: Any) -> Any:  # noqa: ANN401 - whatever the column holds
    if value is None:
        return None
    if isinstance(column.type, Moment):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(column.type, Date) else value


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    remaining = iter(rows)
    while some := list(islice(remaining, BATCH)):
        yield some
