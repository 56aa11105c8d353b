"""The chain of seals over all releases: a change in the database behind the program's back shows.

The seal of a release is a SHA-256 over the seal before it, the release, and the versions that it brought. Whoever
keeps the newest seal can tell later whether anything up to there was changed, added or taken away. Nulls are left
out of what is sealed, so that a column that comes later does not break the seals from before it.
"""

import heapq
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import func, inspect, select
from sqlmodel import Field, Session, SQLModel, col

from app.catalogue import KINDS
from app.errors import StorageUnavailable
from app.faults import Said
from app.versioning import Release, Row, latest_release

# How many rows are in memory at once while the chain is recomputed.
BATCH = 500


class Seal(SQLModel, table=True):
    """The seal of one release."""

    __tablename__ = "release_seal"

    release: int = Field(primary_key=True, foreign_key="release.number")
    seal: str


class Broken(NamedTuple):
    """A release that is not as it was sealed."""

    release: int
    said: Said


class Verified(NamedTuple):
    """What came of recomputing the chain: the seal of each release as it is stored, and what does not fit."""

    seals: list[str]
    broken: list[Broken]


MISSING = Said("The release is missing.", "缺少该发布。")
UNSEALED = Said("It has no seal.", "该发布没有封存记录。")
CHANGED = Said("It is not as it was published.", "内容与发布时不一致。")


def seal(session: Session, release: Release, rows: Iterable[Row]) -> None:
    """Seals a release that is being published."""
    before = _stored(session, release.number - 1)
    if before is None:
        raise StorageUnavailable(
            "A release without a seal is in the way: run `catalogue migrate`, then `catalogue verify`.",
            "存在未封存的发布，请先运行 catalogue migrate，再运行 catalogue verify。",
        )
    brought = [_digest(row.kind, _values(row)) for row in rows]
    session.add(Seal(release=release.number, seal=_seal(before, release, brought)))
    session.flush()


def seal_missing(session: Session) -> int:
    """Seals the releases from before there were seals, as they stand; says how many."""
    sealed = session.scalar(select(func.max(col(Seal.release)))) or 0
    before, count = _stored(session, sealed) or "", 0
    for release, _, brought in _releases(session, sealed):
        before = _seal(before, release, brought)
        session.add(Seal(release=release.number, seal=before))
        count += 1
    session.flush()
    return count


def verify(session: Session) -> Verified:
    """Recomputes every seal from what the database holds now."""
    seals: list[str] = []
    broken: list[Broken] = []
    before, expected = "", 1
    for release, stored, brought in _releases(session, 0):
        broken += [Broken(number, MISSING) for number in range(expected, release.number)]
        computed = _seal(before, release, brought)
        if stored is None:
            broken.append(Broken(release.number, UNSEALED))
        elif stored != computed:
            broken.append(Broken(release.number, CHANGED))
        # Going on from what is stored tells the release that was changed from those that only come after it.
        before, expected = stored or computed, release.number + 1
        seals.append(before)
    sealed = session.scalar(select(func.max(col(Seal.release)))) or 0
    broken += [Broken(number, MISSING) for number in range(expected, sealed + 1)]
    return Verified(seals, broken)


def seals_of(session: Session, releases: Iterable[int]) -> dict[int, str]:
    """The stored seals of some releases."""
    found = session.scalars(select(Seal).where(col(Seal.release).in_(list(releases))))
    return {stored.release: stored.seal for stored in found}


def _stored(session: Session, release: int) -> str | None:
    if release == 0:
        return ""
    found = session.get(Seal, release)
    return found.seal if found else None


# A release's number with the release and its stored seal, or with the digest of a version that it brought.
Entry = tuple[int, tuple[Release, str | None] | bytes]


def _releases(session: Session, after: int) -> Iterator[tuple[Release, str | None, list[bytes]]]:
    """Each release after one, its stored seal, and the digests of what it brought."""
    newest = latest_release(session)
    streams = [
        _stored_releases(session, after, newest),
        *(_brought(session, k, after, newest) for k in KINDS),
    ]
    for _, entries in groupby(heapq.merge(*streams, key=itemgetter(0)), key=itemgetter(0)):
        found = [entry for _, entry in entries]
        brought = [entry for entry in found if isinstance(entry, bytes)]
        for entry in found:
            if not isinstance(entry, bytes):
                yield *entry, brought


def _stored_releases(session: Session, after: int, newest: int) -> Iterator[Entry]:
    wanted = (
        select(Release, col(Seal.seal))
        .outerjoin(Seal, col(Seal.release) == col(Release.number))
        .where(col(Release.number) > after, col(Release.number) <= newest)
        .order_by(col(Release.number))
    )
    for release, stored in session.execute(wanted):
        yield release.number, (release, stored)


def _brought(session: Session, kind: str, after: int, newest: int) -> Iterator[Entry]:
    row = KINDS[kind].row
    wanted = (
        select(*inspect(row).columns)
        .where(col(row.release) > after, col(row.release) <= newest)
        .order_by(col(row.release))
        .execution_options(yield_per=BATCH)
    )
    for found in session.execute(wanted).mappings():
        yield found["release"], _digest(kind, dict(found))


def _values(row: SQLModel) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in inspect(type(row)).columns}


def _digest(kind: str, values: Mapping[str, Any]) -> bytes:
    said = {name: value for name, value in values.items() if value is not None}
    line = json.dumps([kind, said], ensure_ascii=False, sort_keys=True, default=_plain)
    return sha256(line.encode()).digest()


def _plain(value: date | datetime) -> str:
    return value.isoformat()


def _seal(before: str, release: Release, brought: list[bytes]) -> str:
    """The databases sort differently, so the order is made here."""
    return sha256(
        b"".join([before.encode(), _digest("releases", _values(release)), *sorted(brought)])
    ).hexdigest()
