"""The one way in: a changeset becomes one release, or nothing at all.

The seed, the command line and HTTP all publish through `publish`.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from pydantic import BaseModel
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from app.catalogue import KINDS
from app.changesets import Changeset, Checked, Documents, Withdrawals, check, key_of
from app.database import writing
from app.errors import Conflict, Invalid
from app.faults import Fault, Said
from app.lint.gate import Gate, refuse_new_findings
from app.sealing import seal
from app.search import index
from app.versioning import At, Content, Release, Row, in_force_by_slug, latest_release

# Rows of one INSERT, and slugs of one SELECT: well below what either database takes.
BATCH = 500


class Published(BaseModel):
    """What became of a changeset."""

    release: int | None
    added: int = 0
    revised: int = 0
    withdrawn: int = 0


Newest = dict[tuple[str, str], Row]


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
    changeset, documents, withdrawals, _ = checked
    newest = _newest(session, documents, withdrawals)
    if changeset.standing:
        own = _newest(session, documents, [], by=changeset.publisher)
        documents = [(n, content) for n, content in documents if not same(own.get(key_of(content)), content)]
    documents = [(n, content) for n, content in documents if not same(newest.get(key_of(content)), content)]
    versions = list(_new_versions(documents, newest))
    after = newest | {key_of(row): row for row in versions}
    faults = [
        *checked.faults,
        *_from_the_future(session, changeset),
        *_misplaced(withdrawals, after),
        *_dangling(session, documents),
        *_unsound(session, documents),
    ]
    if faults:
        raise Invalid.of(faults)
    rows = [*versions, *_endings(withdrawals, after)]
    before = {key_of(row): newest[key_of(row)] for row in rows if key_of(row) in newest}
    if rows:
        _refuse_conflict(session, changeset, list(before.values()))
    return Prepared(rows, before)


def _from_the_future(session: Session, changeset: Changeset) -> Iterator[Fault]:
    latest = latest_release(session)
    if changeset.base_release > latest:
        yield Fault(
            Said(
                f"There is no release {changeset.base_release} yet; the latest is {latest}.",
                f"尚无发布{changeset.base_release}，最新发布为{latest}。",
            ),
            "/base_release",
        )


def _newest(
    session: Session, documents: Documents, withdrawals: Withdrawals, by: str | None = None
) -> Newest:
    """The newest version of each resource that the changeset touches; with `by`, what that publisher said last."""
    touched: dict[str, set[str]] = {}
    for kind, slug in [key_of(content) for _, content in documents] + [
        (ended.kind, ended.slug) for _, ended in withdrawals
    ]:
        touched.setdefault(kind, set()).add(slug)
    return {
        (kind, slug): row
        for kind in KINDS.keys() & touched.keys()
        for slug, row in newest_versions(session, kind, touched[kind], by).items()
    }


def newest_versions(
    session: Session, kind: str, slugs: Iterable[str], by: str | None = None
) -> dict[str, Row]:
    """The newest version of each of some resources of a kind; with `by`, what that publisher said last."""
    newest: dict[str, Row] = {}
    row = KINDS[kind].row
    for some in _batches(sorted(set(slugs))):
        wanted = select(row).where(col(row.slug).in_(some)).order_by(col(row.version))
        if by is not None:
            published = col(Release.number) == col(row.release)
            wanted = wanted.join(Release, published).where(
                col(Release.publisher) == by, col(row.withdrawn).is_(False)
            )
        newest.update({found.slug: found for found in session.scalars(wanted)})
    return newest


def _batches(slugs: list[str]) -> Iterator[list[str]]:
    yield from (slugs[start : start + BATCH] for start in range(0, len(slugs), BATCH))


def _refuse_conflict(session: Session, changeset: Changeset, replaced: Sequence[Row]) -> None:
    overtaken = [row for row in replaced if row.release > changeset.base_release]
    if not overtaken:
        return
    overtaken.sort(key=lambda row: (row.kind, row.slug))
    first = session.get_one(Release, min(row.release for row in overtaken))
    when = f"{first.recorded_at:%Y-%m-%d %H:%M:%S} UTC"
    slugs = ", ".join(f"{row.kind}/{row.slug}" for row in overtaken[:5])
    raise Conflict(
        f"Release {first.number} by {first.publisher} came first, at {when}, and changed {len(overtaken)} of what "
        f"you are changing ({slugs}). Nothing was published: look at it and try again.",
        f"发布{first.number}（{first.publisher}，{when}）已先行更改其中{len(overtaken)}项（{slugs}）。"
        "本次未发布任何内容，请核对后重试。",
        release=first.number,
        changed=[
            {"kind": row.kind, "slug": row.slug, "version": row.version, "release": row.release}
            for row in overtaken
        ],
    )


def _misplaced(withdrawals: Withdrawals, newest: Newest) -> Iterator[Fault]:
    for number, withdrawal in withdrawals:
        if (withdrawal.kind, withdrawal.slug) not in newest:
            yield Fault(
                Said("There is nothing of this kind and slug to withdraw.", "没有可撤销的该类资源。"),
                f"/withdrawals/{number}/slug",
            )


def _dangling(session: Session, documents: Documents) -> Iterator[Fault]:
    """References to what is neither in force on the document's first day nor published along with it."""
    together = {(content.kind, content.slug): content.valid_from for _, content in documents}
    wanted: dict[tuple[str, date], set[str]] = {}
    for _, content in documents:
        for _, kind, slug in _references(content):
            wanted.setdefault((kind, content.valid_from), set()).add(slug)
    release = latest_release(session)
    found = {
        (kind, slug, day)
        for (kind, day), slugs in wanted.items()
        for some in _batches(sorted(slugs))
        for slug in in_force_by_slug(session, KINDS[kind].row, some, At(day, release))
    }
    for number, content in documents:
        day = content.valid_from
        for place, kind, slug in _references(content):
            begins = together.get((kind, slug))
            if (kind, slug, day) not in found and not (begins is not None and begins <= day):
                yield Fault(
                    Said(
                        f"Nothing of {kind} with this slug is in force on {day}.",
                        f"{day}没有有效的 {kind} 使用该标识。",
                    ),
                    f"/documents/{number}{place}",
                )


def _references(content: Content) -> Iterator[tuple[str, str, str]]:
    """Where a document refers to what: its fields, and the plans that it quotes."""
    for field, kind in content.refers.items():
        if getattr(content, field) is not None:
            yield f"/{field}", kind, getattr(content, field)
    for place, source in enumerate(getattr(content, "sources", [])):
        yield f"/sources/{place}/plan", "plans", source.plan


def _unsound(session: Session, documents: Documents) -> Iterator[Fault]:
    """What the kinds themselves find wrong, looking at what is published along with it and at what is in force."""
    together = {key_of(content): content for _, content in documents}
    release = latest_release(session)

    def lookup(kind: str, slug: str, day: date) -> Content | None:
        beside = together.get((kind, slug))
        if beside is not None and beside.valid_from <= day:
            return beside
        return in_force_by_slug(session, KINDS[kind].row, [slug], At(day, release)).get(slug)

    for number, content in documents:
        for fault in content.faults(lookup):
            yield Fault(fault.said, f"/documents/{number}{fault.pointer}")


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


def _endings(withdrawals: Withdrawals, newest: Newest) -> Iterator[Row]:
    for _, withdrawal in withdrawals:
        before = newest[withdrawal.kind, withdrawal.slug]
        ended = (before.withdrawn, before.valid_from, before.withdrawn_because)
        if ended != (True, withdrawal.valid_from, withdrawal.reason):
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
