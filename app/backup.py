"""Backup: everything in one file that says itself whether it is whole; `app/restoring.py` takes it back in.

The file is gzipped lines of JSON: what made it, then each release with its versions and its seal, then the other
tables, then a SHA-256 over all lines before. It is the same for both databases, so a backup also moves a catalogue
from one to the other. What can be made anew, such as the index that searches look in, is not in it.
"""

import gzip
import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import chain
from pathlib import Path
from tempfile import mkstemp
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Engine, Table, select
from sqlmodel import Session, SQLModel

from app import __version__
from app.catalogue import KINDS
from app.database import snapshot
from app.errors import Problem
from app.faults import Said
from app.keys.models import Key
from app.migrating import newest
from app.proposals.models import Proposal
from app.replay import RememberedAnswer
from app.sealing import Seal
from app.versioning import latest_release
from app.webhooks.models import Webhook

FORMAT = "public-service-catalogue backup 1"
# Rows that are in memory at once.
BATCH = 500
# What a backup has besides the releases: importing them makes their tables known.
KEPT_BESIDE = (Key, Proposal, RememberedAnswer, Webhook)


class NotWritten(Problem):
    """A place that no backup can be written to."""

    status = 422
    urn = "backup-not-written"
    title = Said("The backup cannot be written", "无法写入备份")


class Summary(NamedTuple):
    """What a backup holds."""

    releases: int
    seal: str | None
    rows: int


def backup(engine: Engine, file: Path) -> Summary:
    """Writes a backup as the catalogue stands now, while others read and publish.

    The file appears under its name when it is whole; it holds secrets of webhooks, so that only its owner may read it.
    """
    unfinished: Path | None = None
    try:
        if file.exists():
            raise FileExistsError
        # For its owner alone, and under a name that nothing left behind by a killed one can have.
        opened, name = mkstemp(prefix=f".{file.name}.", suffix=".part", dir=file.parent)
        unfinished = Path(name)
        with os.fdopen(opened, "wb") as raw, snapshot(engine) as session:
            with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as packed:
                summary = _write(session, packed)
            raw.flush()
            os.fsync(raw.fileno())
        _name(unfinished, file)
    except FileExistsError:
        raise NotWritten(f"{file} exists: give another name.", f"{file} 已存在，请换用其他文件名。") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise NotWritten(f"{file} cannot be written: {reason}.", f"无法写入 {file}：{reason}。") from error
    finally:
        if unfinished is not None:
            unfinished.unlink(missing_ok=True)
    return summary


def _name(unfinished: Path, file: Path) -> None:
    try:
        os.link(unfinished, file)  # unlike a rename, it never takes the place of another
    except FileExistsError:
        raise
    except OSError:  # a USB stick knows no second name for a file
        unfinished.rename(file)


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
    of_release, others = tables()
    for number in range(1, releases + 1):
        for table in of_release:
            column = table.c.number if table.name == "release" else table.c.release
            yield from _rows(session, table, column == number)
    for table in others:
        yield from _rows(session, table)


def tables() -> tuple[list[Table], list[Table]]:
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
