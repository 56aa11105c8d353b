"""The one way in: a changeset becomes one release, or nothing at all.

The seed, the command line and HTTP all publish through `publish`.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from pydantic import BaseModel
from sqlalchemy import Engine, Select, select, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from app.catalogue import KINDS
from app.changesets import Changeset, Checked, Documents, Newest, Withdrawals, check, key_of
from app.database import BATCH, batches, writing
from app.errors import Conflict, Invalid
from app.indexing import index
from app.lint.gate import Gate, refuse_new_findings
from app.objections import dangling, from_the_future, misplaced, refuse_conflict, unsound
from app.sealing import seal
from app.versioning import Content, Release, Row, latest_release


class Published(BaseModel):
    """What became of a changeset."""

    release: int | None
    added: int = 0
    revised: int = 0
    withdrawn: int = 0


class Prepared(NamedTuple):
    """The versions that a changeset brings, and the newest ones before them."""

    rows: list[Row]
    before: Newest


def says_already(session: Session, publisher: str, digest: str) -> bool:
    """Whether a publisher's last release came from files of this digest: then there is nothing new to say."""
    last = select(col(Release.digest)).where(col(Release.publisher) == publisher)
    return session.scalar(last.order_by(col(Release.number).desc()).limit(1)) == digest


def publish(
    engine: Engine, changeset: Changeset, *, gate: Gate = "error", searchable: bool = True
) -> Published:
    """Publishes a changeset as the next release; one that changes nothing makes none.

    Raises `Invalid` with every fault there is, `Conflict` where another release came first; then, as after a
    crash, nothing has changed. What passes brings no new lint finding as severe as `gate`. Only a rehearsal, whose
    database is thrown away, does without the search index.
    """
    checked = check(changeset)
    with writing(engine) as session:
        return publish_within(session, checked, gate, searchable=searchable)


def publish_within(session: Session, checked: Checked, gate: Gate, *, searchable: bool = True) -> Published:
    """The same in a transaction of `database.writing` that does more than this, or is given up at its end."""
    rows = prepare(session, checked).rows
    if not rows:
        return Published(release=None)
    changeset = checked.changeset
    published = _insert(session, changeset, rows)
    refuse_new_findings(session, rows, changeset.documents, changeset.withdrawals, gate)
    if searchable:
        _make_searchable(session, rows)
    return published


def prepare(session: Session, checked: Checked) -> Prepared:
    """The versions that publishing a changeset would bring; raises what `publish` would. Nothing is changed."""
    changeset, documents, withdrawals, unread, _ = checked
    newest = _newest(session, documents, withdrawals)
    if changeset.standing:
        own = _newest(session, documents, [], by=changeset.publisher)
        documents = [(n, content) for n, content in documents if not same(own.get(key_of(content)), content)]
    documents = [(n, content) for n, content in documents if not same(newest.get(key_of(content)), content)]
    of_day = _of_their_days(session, documents, withdrawals)
    documents = [(n, content) for n, content in documents if not same(of_day.get(day_of(content)), content)]
    versions = list(_new_versions(documents, newest))
    after = newest | {key_of(row): row for row in versions}
    of_day |= {day_of(row): row for row in versions}
    faults = [
        *checked.faults,
        *from_the_future(session, changeset),
        *misplaced(withdrawals, after),
        *dangling(session, documents, unread),
        *unsound(session, documents, unread),
    ]
    if faults:
        raise Invalid.of(faults)
    rows = [*versions, *_endings(withdrawals, after, of_day)]
    before = {key_of(row): newest[key_of(row)] for row in rows if key_of(row) in newest}
    if rows:
        refuse_conflict(session, changeset, list(before.values()))
    return Prepared(rows, before)


def _newest(
    session: Session, documents: Documents, withdrawals: Withdrawals, by: str | None = None
) -> Newest:
    """The newest version of each resource that the changeset touches; with `by`, what that publisher said last."""
    return {
        (kind, slug): row
        for kind, slugs in _touched(documents, withdrawals).items()
        for slug, row in newest_versions(session, kind, slugs, by).items()
    }


Day = tuple[str, str, date]  # kind, slug, first day


def day_of(content: Content) -> Day:
    return content.kind, content.slug, content.valid_from


def _of_their_days(session: Session, documents: Documents, withdrawals: Withdrawals) -> dict[Day, Row]:
    """The newest of the versions that begin on one day, for each resource that the changeset touches.

    Whoever says the same of that day again changes no day, whatever has been said of later ones since.
    """
    return {
        day_of(row): row
        for kind, slugs in _touched(documents, withdrawals).items()
        for some in batches(sorted(slugs))
        for row in session.scalars(_versions(kind, some))
    }


def _touched(documents: Documents, withdrawals: Withdrawals) -> dict[str, set[str]]:
    """The slugs that a changeset is about, by kind; of kinds that there are."""
    touched: dict[str, set[str]] = {}
    for kind, slug in [key_of(content) for _, content in documents] + [
        (ended.kind, ended.slug) for _, ended in withdrawals
    ]:
        touched.setdefault(kind, set()).add(slug)
    return {kind: touched[kind] for kind in KINDS.keys() & touched.keys()}


def _versions(kind: str, slugs: list[str]) -> Select[Row]:
    row = KINDS[kind].row
    return select(row).where(col(row.slug).in_(slugs)).order_by(col(row.version))


def newest_versions(
    session: Session, kind: str, slugs: Iterable[str], by: str | None = None
) -> dict[str, Row]:
    """The newest version of each of some resources of a kind; with `by`, what that publisher said last."""
    newest: dict[str, Row] = {}
    row = KINDS[kind].row
    for some in batches(sorted(set(slugs))):
        wanted = _versions(kind, some)
        if by is not None:
            published = col(Release.number) == col(row.release)
            wanted = wanted.join(Release, published).where(
                col(Release.publisher) == by, col(row.withdrawn).is_(False)
            )
        newest.update({found.slug: found for found in session.scalars(wanted)})
    return newest


def _new_versions(documents: Documents, newest: Newest) -> Iterator[Row]:
    for _, content in documents:
        before = newest.get(key_of(content))
        yield KINDS[content.kind].row(**content.model_dump(), version=before.version + 1 if before else 1)


def same(row: Row | None, content: Content) -> bool:
    """Whether a version says what a document says; a note on why it changed is not part of that."""
    if row is None or row.withdrawn:
        return False
    written = content.model_dump(exclude={"change_note"})
    return {field: getattr(row, field) for field in written} == written


def _endings(withdrawals: Withdrawals, newest: Newest, of_day: dict[Day, Row]) -> Iterator[Row]:
    for _, withdrawal in withdrawals:
        before = newest[withdrawal.kind, withdrawal.slug]
        that_day = of_day.get((withdrawal.kind, withdrawal.slug, withdrawal.valid_from))
        if that_day is None or that_day.withdrawn_because != withdrawal.reason:
            content = {field: getattr(before, field) for field in KINDS[withdrawal.kind].content.model_fields}
            yield type(before)(
                **content | {"valid_from": withdrawal.valid_from},
                version=before.version + 1,
                withdrawn=True,
                withdrawn_because=withdrawal.reason,
            )


def _insert(session: Session, changeset: Changeset, rows: Sequence[Row]) -> Published:
    before = session.get(Release, latest_release(session))
    number = before.number + 1 if before else 1
    now = datetime.now(UTC)
    release = Release(
        number=number,
        # A clock that was set back must not make a later release the earlier one.
        recorded_at=max(now, before.recorded_at) if before else now,
        publisher=changeset.publisher,
        message=changeset.message,
        digest=changeset.digest,
    )
    session.add(release)
    try:
        session.flush()
        for row in rows:
            row.release = number
        session.add_all(rows)
        session.flush()
    except IntegrityError as error:
        raise Conflict(
            "Another release came first. Nothing was published: try again.",
            "已有其他发布先行完成。本次未发布任何内容，请重试。",
        ) from error
    seal(session, release, rows)
    return Published(
        release=number,
        added=sum(row.version == 1 for row in rows),
        revised=sum(row.version > 1 and not row.withdrawn for row in rows),
        withdrawn=sum(row.withdrawn for row in rows),
    )


def _make_searchable(session: Session, rows: Sequence[Row]) -> None:
    index(session, [(row, row.version) for row in rows if not row.withdrawn])
    if len(rows) > BATCH and session.get_bind().dialect.name == "postgresql":
        # Its planner would go by statistics from before until the next vacuum comes round.
        session.execute(text("ANALYZE"))
