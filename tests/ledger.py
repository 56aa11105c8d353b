"""What a catalogue should say, in plain Python: design §3 once more, written without looking at the program.

A resource is the list of its versions. In force on day D at release R: among the versions with `release <= R` and
`valid_from <= D`, the one with the latest `valid_from`, and among equals the highest version; if that one is
withdrawn, nothing is.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple

Key = tuple[str, str]  # kind, slug
Document = dict[str, Any]


@dataclass(frozen=True)
class Version:
    """One version, as it was written."""

    number: int
    release: int
    valid_from: date
    said: Document
    reason: str | None = None  # of its end


class Change(NamedTuple):
    """What somebody sends in: documents, and ends."""

    base: int
    documents: list[Document]
    ends: list[Document]


class Outcome(NamedTuple):
    """What must become of it; `touched` are the resources that the conflict is about."""

    status: Literal["published", "nothing", "invalid", "conflict"]
    touched: frozenset[Key] = frozenset()


@dataclass
class Ledger:
    """All versions of all resources."""

    releases: int = 0
    versions: dict[Key, list[Version]] = field(default_factory=dict)

    def in_force(self, key: Key, on: date, release: int) -> Version | None:
        """The version that the sentence names, be it an end or not; None where it names none."""
        named = None
        for version in self.versions.get(key, []):
            if version.release > release or version.valid_from > on:
                continue
            if named is None or (version.valid_from, version.number) > (named.valid_from, named.number):
                named = version
        return named

    def list_of(self, kind: str, on: date, release: int) -> dict[str, Version]:
        named = {slug: self.in_force((k, slug), on, release) for k, slug in self.versions if k == kind}
        return {slug: v for slug, v in named.items() if v is not None and v.reason is None}

    def history(self, key: Key, release: int) -> list[Version]:
        return [version for version in self.versions.get(key, []) if version.release <= release]

    def last_from(self, versions: list[Version], day: date) -> Version | None:
        """What was said last of the days from one on: to say it again is to say nothing."""
        return next((version for version in reversed(versions) if version.valid_from == day), None)

    def publish(self, change: Change) -> Outcome:
        """Takes a change in, or says why not."""
        after = {key: list(versions) for key, versions in self.versions.items()}
        release, touched = self.releases + 1, set()
        fresh: dict[Key, date] = {}
        for document in change.documents:
            key = (document["kind"], document["slug"])
            known = after.setdefault(key, [])
            day = date.fromisoformat(document["valid_from"])
            that_day = self.last_from(known, day)
            if not (that_day and that_day.reason is None and that_day.said == document):
                known.append(Version(len(known) + 1, release, day, document))
                fresh[key] = day
                touched.add(key)
        for end in change.ends:
            key, day = (end["kind"], end["slug"]), date.fromisoformat(end["valid_from"])
            known = after.get(key, [])
            if not known:
                return Outcome("invalid")
            that_day = self.last_from(known, day)
            if that_day is None or that_day.reason != end["reason"]:
                known.append(Version(len(known) + 1, release, day, known[-1].said, end["reason"]))
                touched.add(key)
        if change.base > self.releases or self._dangles(change, fresh):
            return Outcome("invalid")
        if not touched:
            return Outcome("nothing")
        overtaken = {
            key for key in touched if key in self.versions and self.versions[key][-1].release > change.base
        }
        if overtaken:
            return Outcome("conflict", frozenset(overtaken))
        self.releases, self.versions = release, after
        return Outcome("published")

    def _dangles(self, change: Change, fresh: dict[Key, date]) -> bool:
        """Whether something new stands on a plan that neither applies on its first day nor comes along with it."""
        for document in change.documents:
            key = (document["kind"], document["slug"])
            if "plan" not in document or key not in fresh:
                continue
            plan, day = ("plans", document["plan"]), fresh[key]
            applies = self.in_force(plan, day, self.releases)
            if (applies is None or applies.reason) and not (plan in fresh and fresh[plan] <= day):
                return True
        return False
