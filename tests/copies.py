"""What tests of backups share: a full catalogue, empty databases, and the lines of a backup."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select
from sqlmodel import Session, SQLModel

from app.catalogue import KINDS
from app.database import create, reading
from app.sealing import verify
from tests.changes import concept, put, withdrawal
from tests.office import opened, submission
from tests.stores import Store

Lines = list[dict[str, Any]]


def seals(engine: Engine) -> list[str]:
    with reading(engine) as session:
        found = verify(session)
    assert found.broken == []
    return found.seals


@contextmanager
def fresh(store: Store) -> Iterator[Engine]:
    """An empty database to restore into."""
    url = store.copy("empty")
    engine = create(url, connections=5)
    try:
        yield engine
    finally:
        engine.dispose()
        store.drop(url)


def check_empty(engine: Engine) -> None:
    with Session(engine) as session:
        for table in SQLModel.metadata.tables.values():
            assert session.scalar(select(func.count()).select_from(table)) == 0, table.name


async def fill(empty_engine: Engine) -> Engine:
    """Makes a catalogue with something in every table that is backed up."""
    for name in ("甲", "乙", "丙"):
        put(empty_engine, concept(name=name), concept(slug=f"tea-{ord(name)}", name=name, aliases=["茶"]))
    put(empty_engine, withdrawals=[withdrawal(day="2024-01-01", reason="No snow.")])
    async with opened(empty_engine, direct_publishing=True) as office:
        await office.propose(concept(slug="salt", name="盐"))
        sent = submission(concept(slug="oil", name="油"), base=4)
        assert (await office.post("/v1/releases", sent, "publisher", "once")).status_code == 201
        made = await office.post("/v1/webhooks", {"url": "https://portal.example/hook"}, "reader")
        assert made.status_code == 201
    with Session(empty_engine) as session:
        for name, table in SQLModel.metadata.tables.items():
            in_it = session.scalar(select(func.count()).select_from(table))
            assert in_it or name in {str(k.row.__tablename__) for k in KINDS.values()}, name
    return empty_engine


def lines_of(file: Path) -> Lines:
    with gzip.open(file, "rt", encoding="utf-8") as packed:
        return [json.loads(line) for line in packed]


def written(lines: Lines, file: Path) -> Path:
    """The lines as a backup, with a digest that fits them."""
    said = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    file.write_bytes(gzip.compress(said + json.dumps({"sha256": sha256(said).hexdigest()}).encode() + b"\n"))
    return file
