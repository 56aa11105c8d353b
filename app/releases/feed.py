"""What the feed of releases tells, in SQL: the newest releases, counts of their changes, and the first few."""

from collections.abc import Sequence

from pydantic import Field
from sqlalchemy import Subquery, case, func, select
from sqlmodel import Session, col

from app.changes.feed import brought, described
from app.changes.models import Scope
from app.queries import UntilQuery
from app.releases.atom import Count, Entry
from app.versioning import Release

FIRST = 10


class FeedQuery(Scope, UntilQuery):
    """Which releases, and how many."""

    limit: int = Field(20, ge=1, le=100, title="条数", description="How many releases to answer with")

    def filters(self) -> dict[str, str]:
        given = self.model_dump(include=set(Scope.model_fields), exclude_none=True)
        return {name: str(value) for name, value in sorted(given.items())}


def newest(session: Session, until: int, query: FeedQuery) -> list[Release]:
    """The newest releases up to one that changed something within the filters; one more than asked for if there is."""
    after = query.after or 0
    wanted = select(Release).where(col(Release.number) <= until, col(Release.number) > after)
    if query.filters():
        change = brought(after, until, query)
        wanted = wanted.where(col(Release.number).in_(select(change.c.release)))
    return list(session.scalars(wanted.order_by(col(Release.number).desc()).limit(query.limit + 1)))


def entries(session: Session, releases: Sequence[Release], query: FeedQuery) -> list[Entry]:
    """Releases, newest first, with what each changed within the filters."""
    if not releases:
        return []
    change = brought(releases[-1].number - 1, releases[0].number, query)
    counts, first = _counts(session, change), _first(session, change)
    changes: dict[int, list[tuple[str, str, int]]] = {}
    for release, kind, slug, version in first:
        changes.setdefault(release, []).append((kind, slug, version))
    return [
        Entry(
            release,
            [count for number, count in counts if number == release.number],
            described(session, changes.get(release.number, ())),
        )
        for release in releases
    ]


def _counts(session: Session, change: Subquery) -> list[tuple[int, Count]]:
    what = case(
        (change.c.withdrawn.is_(True), "withdrawn"), (change.c.version == 1, "added"), else_="revised"
    ).label("what")
    keys = (change.c.release, change.c.place, change.c.kind, what)
    counted = select(*keys, func.count().label("number")).group_by(*keys).order_by(*keys)
    return [(line.release, Count(line.kind, line.what, line.number)) for line in session.execute(counted)]


def _first(session: Session, change: Subquery) -> Sequence[tuple[int, str, str, int]]:
    order = (change.c.place, change.c.slug, change.c.version)
    place = func.row_number().over(partition_by=change.c.release, order_by=order).label("number")
    numbered = select(change, place).subquery()
    wanted = (
        select(numbered).where(numbered.c.number <= FIRST).order_by(numbered.c.release, numbered.c.number)
    )
    return [(line.release, line.kind, line.slug, line.version) for line in session.execute(wanted)]
