"""Histories: all versions of resources up to a release, and which of them applies when."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlmodel import Session, SQLModel, col

from app.catalogue import KINDS
from app.changes.what import called_by
from app.eligibility.facts import Fact
from app.lint.days import EVER, Days

Key = tuple[str, str]
# Slugs of one SELECT: well below what either database takes.
BATCH = 500


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """One version, with what it says under the names of its columns."""

    kind: str
    slug: str
    version: int
    release: int
    valid_from: date
    withdrawn: bool
    says: Mapping[str, Any]


class Stretch(NamedTuple):
    """A version that applies, and the days on which it does. One that is withdrawn ends things on them."""

    version: Version
    days: Days


def stretches(versions: Iterable[Version]) -> list[Stretch]:
    """Which version applies when: what `in_force_clause` says of each day, said of all days at once."""
    newest: dict[date, Version] = {}
    for version in versions:
        known = newest.get(version.valid_from)
        if known is None or known.version < version.version:
            newest[version.valid_from] = version
    firsts = sorted(newest)
    return [Stretch(newest[first], Days(first, until)) for first, until in pairwise([*firsts, EVER])]


class Histories:
    """Versions by kind and slug. What is not in here was either never published or not asked for."""

    def __init__(self, versions: Iterable[Version]) -> None:
        self.versions: dict[Key, list[Version]] = defaultdict(list)
        for version in versions:
            self.versions[version.kind, version.slug].append(version)
        self.facts: dict[Version, Fact | None] = {}  # each fact as the engine takes it, read once
        self._stretches: dict[Key, list[Stretch]] = {}
        self._having: dict[tuple[str, str], dict[object, set[str]]] = {}

    def up_to(self, release: int) -> "Histories":
        """The same as it stood at an earlier release."""
        return Histories(v for some in self.versions.values() for v in some if v.release <= release)

    def of(self, key: Key) -> list[Stretch]:
        """Which version of a resource applies when."""
        if key not in self._stretches:
            self._stretches[key] = stretches(self.versions.get(key, ()))
        return self._stretches[key]

    def in_force(self, key: Key) -> list[Stretch]:
        """The same without what ends it."""
        return [stretch for stretch in self.of(key) if not stretch.version.withdrawn]

    def name_of(self, key: Key) -> str | None:
        """What a resource is called in its newest version that says so; a rule is called after its service."""
        newest_first = sorted(self.versions.get(key, ()), key=lambda version: -version.version)
        for version in newest_first:
            if name := called_by(version.says):
                return name
        if key[0] == "rules" and newest_first:
            return self.name_of(("services", newest_first[0].says["service"]))
        return None

    def having(self, kind: str, field: str, value: str) -> Iterator[Key]:
        """The resources of a kind of which some version says `value` in a field."""
        if (kind, field) not in self._having:
            found: dict[object, set[str]] = defaultdict(set)
            for (of_kind, slug), versions in self.versions.items():
                if of_kind == kind:
                    for version in versions:
                        found[version.says[field]].add(slug)
            self._having[kind, field] = found
        for slug in sorted(self._having[kind, field].get(value, ())):
            yield kind, slug


def load(
    session: Session, release: int, wanted: Mapping[str, Collection[str]] | None = None
) -> list[Version]:
    """The versions up to a release: of all resources, or of those wanted of each kind. One query for each kind."""
    found: list[Version] = []
    for kind in KINDS if wanted is None else sorted(KINDS.keys() & wanted.keys()):
        row = KINDS[kind].row
        # As plain columns: rows of the session would be looked after one by one.
        everything = select(*SQLModel.metadata.tables[str(row.__tablename__)].columns)
        known = everything.where(col(row.release) <= release)
        slugs = None if wanted is None else sorted(wanted[kind])
        batches = [None] if slugs is None else [slugs[n : n + BATCH] for n in range(0, len(slugs), BATCH)]
        for batch in batches:
            some = known if batch is None else known.where(col(row.slug).in_(batch))
            found += [_version(kind, dict(says)) for says in session.execute(some).mappings()]
    return found


def _version(kind: str, says: dict[str, Any]) -> Version:
    return Version(
        kind,
        says["slug"],
        says["version"],
        says["release"],
        says["valid_from"],
        says["withdrawn"],
        says,
    )
