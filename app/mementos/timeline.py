"""When each version of a resource became what its URL answers, and what moment a day and a release stand for.

A URL without clocks answers for today at the latest release. So what it answered at a moment T is the state of the
day of T (in China) at the release that was the latest at T: both clocks follow from one moment, and whoever asks for
T gets the answer that was given then. A day before a release was published, seen from that release (`on=2021-06-01` at
a release of 2026), is something the catalogue knows but never answered unasked: that is no memento.
"""

from datetime import date, datetime, time
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from app.clock import CHINA
from app.versioning import At, Release, Row, release_known_at


class Memento(NamedTuple):
    """A state of a resource: since when its URL answered it, and the clocks that give it again."""

    moment: datetime
    at: At
    version: int
    withdrawn: bool


def timeline(session: Session, row: type[Row], slug: str, upto: At) -> list[Memento]:
    """The states that a resource's URL has gone through up to a day and a release, oldest first.

    On the way through time more versions come into sight, and none goes out of it: each applies at most once.
    """
    known = (
        select(row, Release)
        .join(Release, col(Release.number) == col(row.release))
        .where(col(row.slug) == slug, col(row.release) <= upto.release, col(row.valid_from) <= upto.on)
    )
    seen = [
        (begins(found.valid_from, release.recorded_at), found.valid_from, found.version, found, release)
        for found, release in session.execute(known)
    ]
    states: list[Memento] = []
    best = (date.min, 0)
    for moment, valid_from, version, found, release in sorted(seen, key=lambda line: line[:3]):
        if (valid_from, version) < best or day_of(moment) > upto.on:
            continue
        best = (valid_from, version)
        if states and states[-1].moment == moment:
            states.pop()
        # At a midnight, the catalogue stands where the day before has left it.
        recorded = moment == release.recorded_at
        number = release.number if recorded else min(release_known_at(session, moment), upto.release)
        states.append(Memento(moment, At(day_of(moment), number), version, found.withdrawn))
    return states


def ever(session: Session, row: type[Row], slug: str, release: int) -> bool:
    """Whether there was such a resource at a release, in force or not."""
    known = select(col(row.slug)).where(col(row.slug) == slug, col(row.release) <= release)
    return session.scalar(known.limit(1)) is not None


def begins(day: date, recorded_at: datetime) -> datetime:
    """The first moment of a day's being today with a release published: when it was recorded, or that midnight."""
    if day <= day_of(recorded_at):
        return recorded_at
    return datetime.combine(day, time(), CHINA)


def day_of(moment: datetime) -> date:
    return moment.astimezone(CHINA).date()


def moment_of(session: Session, at: At, today: date) -> datetime | None:
    """The first moment at which URLs answered for this day and release; None where they never did."""
    two = select(Release).where(col(Release.number).in_([at.release, at.release + 1]))
    recorded = {release.number: release.recorded_at for release in session.scalars(two)}
    if at.release not in recorded or not day_of(recorded[at.release]) <= at.on <= today:
        return None
    moment = begins(at.on, recorded[at.release])
    ended = recorded.get(at.release + 1)
    return moment if ended is None or moment < ended else None


def at_moment(session: Session, moment: datetime, today: date) -> At:
    """The clocks of what was answered at a moment; of now for one that has not come yet."""
    # HTTP writes whole seconds: what was recorded within that second was there.
    end_of_second = moment.replace(microsecond=999_999)
    return At(min(day_of(moment), today), release_known_at(session, end_of_second))
