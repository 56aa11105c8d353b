"""The one way in: a changeset becomes one release, or nothing at all.

The seed, the command line and HTTP all publish through `publish`.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from app.catalogue import KINDS
from app.database import writing
from app.errors import Conflict, Fault, Invalid, Said, pointer, said_by_pydantic
from app.provenance import uncited
from app.search import index
from app.versioning import (
    At,
    Content,
    Name,
    Release,
    Row,
    Slug,
    Text,
    in_force_by_slug,
    latest_release,
)

# Rows of one INSERT, and slugs of one SELECT: well below what either database takes.
BATCH = 500


class Withdrawal(BaseModel):
    """Ends a resource from a day on."""

    model_config = ConfigDict(extra="forbid")

    kind: str
    slug: Slug
    valid_from: date
    reason: Text


class Changeset(BaseModel):
    """What is to be published together: documents (each with its `kind`), and withdrawals.

    `base_release` is the release that the author worked from: whatever of this changeset another release has
    touched since is a conflict. A `standing` changeset describes all that its publisher stands for, as a folder
    of files does: what that publisher said last is not said again, so that a correction by somebody else stays.
    """

    model_config = ConfigDict(extra="forbid")

    message: Text
    publisher: Name
    base_release: Annotated[int, Field(ge=0)]
    documents: list[dict[str, Any]] = []
    withdrawals: list[dict[str, Any]] = []
    standing: bool = False
    digest: str | None = None


class Published(BaseModel):
    """What became of a changeset."""

    release: int | None
    added: int = 0
    revised: int = 0
    withdrawn: int = 0


# Each with its place in the changeset.
Documents = list[tuple[int, Content]]
Withdrawals = list[tuple[int, Withdrawal]]
Newest = dict[tuple[str, str], Row]


class Prepared(NamedTuple):
    """The versions that a changeset brings, and the newest ones before them."""

    rows: list[Row]
    before: Newest


def says_already(session: Session, publisher: str, digest: str) -> bool:
    """Whether a publisher's last release came from files of this digest: then there is nothing new to say."""
    last = select(col(Release.digest)).where(col(Release.publisher) == publisher)
    return session.scalar(last.order_by(col(Release.number).desc()).limit(1)) == digest


def publish(engine: Engine, changeset: Changeset) -> Published:
    """Publishes a changeset as the next release; one that changes nothing makes none.

    Raises `Invalid` with every fault there is, `Conflict` where another release came first; then, as after a
    crash, nothing has changed.
    """
    checked = _checked(changeset)
    with writing(engine) as session:
        rows = _versions(session, changeset, *checked).rows
        return _insert(session, changeset, rows) if rows else Published(release=None)


def prepare(session: Session, changeset: Changeset) -> Prepared:
    """The versions that publishing a changeset would bring; raises what `publish` would. Nothing is changed."""
    return _versions(session, changeset, *_checked(changeset))


def _checked(changeset: Changeset) -> tuple[Documents, Withdrawals, list[Fault]]:
    documents, faults = _validated(changeset)
    withdrawals, more = _validated_withdrawals(changeset)
    return documents, withdrawals, [*faults, *more, *_named_twice(documents, withdrawals)]


def _versions(
    session: Session,
    changeset: Changeset,
    documents: Documents,
    withdrawals: Withdrawals,
    faults: list[Fault],
) -> Prepared:
    newest = _newest(session, documents, withdrawals)
    if changeset.standing:
        own = _newest(session, documents, [], by=changeset.publisher)
        documents = [(n, content) for n, content in documents if not same(own.get(_key(content)), content)]
    documents = [(n, content) for n, content in documents if not same(newest.get(_key(content)), content)]
    versions = list(_new_versions(documents, newest))
    after = newest | {_key(row): row for row in versions}
    faults = [
        *faults,
        *_misplaced(withdrawals, after),
        *_dangling(session, documents),
        *_unsound(session, documents),
    ]
    if faults:
        raise Invalid.of(faults)
    rows = [*versions, *_endings(withdrawals, after)]
    before = {_key(row): newest[_key(row)] for row in rows if _key(row) in newest}
    if rows:
        _refuse_conflict(session, changeset, list(before.values()))
    return Prepared(rows, before)


def _key(content: Content) -> tuple[str, str]:
    return content.kind, content.slug


def _validated(changeset: Changeset) -> tuple[Documents, list[Fault]]:
    documents: Documents = []
    faults: list[Fault] = []
    for number, document in enumerate(changeset.documents):
        place = f"/documents/{number}"
        fields = dict(document)
        kind = KINDS.get(str(fields.pop("kind", "")))
        if kind is None:
            known = ", ".join(KINDS)
            faults.append(
                Fault(Said(f"Should be one of: {known}.", f"应为以下之一：{known}。"), f"{place}/kind")
            )
            continue
        try:
            content = kind.content.model_validate(fields)
        except ValidationError as error:
            faults += [Fault(said_by_pydantic(e), place + pointer(e["loc"])) for e in error.errors()]
            continue
        faults += [Fault(fault.said, f"{place}{fault.pointer}") for fault in uncited(content)]
        documents.append((number, content))
    return documents, faults


def _validated_withdrawals(changeset: Changeset) -> tuple[Withdrawals, list[Fault]]:
    withdrawals: Withdrawals = []
    faults: list[Fault] = []
    for number, entry in enumerate(changeset.withdrawals):
        try:
            withdrawals.append((number, Withdrawal.model_validate(entry)))
        except ValidationError as error:
            place = f"/withdrawals/{number}"
            faults += [Fault(said_by_pydantic(e), place + pointer(e["loc"])) for e in error.errors()]
    return withdrawals, faults


def _named_twice(documents: Documents, withdrawals: Withdrawals) -> Iterator[Fault]:
    for list_name, named in (
        ("documents", [(number, _key(content)) for number, content in documents]),
        ("withdrawals", [(number, (ended.kind, ended.slug)) for number, ended in withdrawals]),
    ):
        first: dict[tuple[str, str], int] = {}
        for number, key in named:
            if key in first:
                yield Fault(
                    Said(
                        f"The same slug stands at /{list_name}/{first[key]} already.",
                        f"与 /{list_name}/{first[key]} 的标识重复。",
                    ),
                    f"/{list_name}/{number}/slug",
                )
            first.setdefault(key, number)


def _newest(
    session: Session, documents: Documents, withdrawals: Withdrawals, by: str | None = None
) -> Newest:
    """The newest version of each resource that the changeset touches; with `by`, what that publisher said last."""
    touched: dict[str, set[str]] = {}
    for kind, slug in [_key(content) for _, content in documents] + [
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
    first = session.get_one(Release, min(row.release for row in overtaken))
    when = f"{first.recorded_at:%Y-%m-%d %H:%M:%S} UTC"
    slugs = ", ".join(sorted(f"{row.kind}/{row.slug}" for row in overtaken)[:5])
    raise Conflict(
        f"Release {first.number} by {first.publisher} came first, at {when}, and changed {len(overtaken)} of what "
        f"you are changing ({slugs}). Nothing was published: look at it and try again.",
        f"发布{first.number}（{first.publisher}，{when}）已先行更改其中{len(overtaken)}项（{slugs}）。"
        "本次未发布任何内容，请核对后重试。",
        release=first.number,
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
    together = {_key(content): content for _, content in documents}
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
        before = newest.get(_key(content))
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
    number = latest_release(session) + 1
    session.add(
        Release(
            number=number,
            recorded_at=datetime.now(UTC),
            publisher=changeset.publisher,
            message=changeset.message,
            digest=changeset.digest,
        )
    )
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
    index(session, [(row, row.version) for row in rows if not row.withdrawn])
    if len(rows) > BATCH and session.get_bind().dialect.name == "postgresql":
        # Its planner would go by statistics from before until the next vacuum comes round.
        session.execute(text("ANALYZE"))
    return Published(
        release=number,
        added=sum(row.version == 1 for row in rows),
        revised=sum(row.version > 1 and not row.withdrawn for row in rows),
        withdrawn=sum(row.withdrawn for row in rows),
    )
