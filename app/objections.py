"""What stands against a changeset in the catalogue as it is: every fault, or what came first."""

from collections.abc import Iterator, Sequence
from datetime import date

from sqlmodel import Session

from app.catalogue import KINDS
from app.changes.what import own_name
from app.changesets import Changeset, Documents, Newest, Withdrawals, key_of
from app.database import batches
from app.diff.words import called, noun
from app.errors import Conflict
from app.faults import Fault, Said
from app.versioning import At, Content, Release, Row, in_force_by_slug, latest_release


def from_the_future(session: Session, changeset: Changeset) -> Iterator[Fault]:
    latest = latest_release(session)
    if changeset.base_release > latest:
        yield Fault(
            Said(
                f"There is no release {changeset.base_release} yet; the latest is {latest}.",
                f"尚无发布{changeset.base_release}，最新发布为{latest}。",
            ),
            "/base_release",
        )


def refuse_conflict(session: Session, changeset: Changeset, replaced: Sequence[Row]) -> None:
    overtaken = [row for row in replaced if row.release > changeset.base_release]
    if not overtaken:
        return
    overtaken.sort(key=lambda row: (row.kind, row.slug))
    first = session.get_one(Release, min(row.release for row in overtaken))
    when = f"{first.recorded_at:%Y-%m-%d %H:%M:%S} UTC"
    slugs = ", ".join(f"{row.kind}/{row.slug}" for row in overtaken[:5])
    names = "、".join(called(row.kind, row.slug, own_name(row)) for row in overtaken[:5])
    raise Conflict(
        f"Release {first.number} by {first.publisher} came first, at {when}, and changed {len(overtaken)} of what "
        f"you are changing ({slugs}). Nothing was published: look at it and try again.",
        f"发布{first.number}（{first.publisher}，{when}）已先行更改其中{len(overtaken)}项：{names}。"
        "本次未发布任何内容，请核对后重试。",
        release=first.number,
        changed=[
            {"kind": row.kind, "slug": row.slug, "version": row.version, "release": row.release}
            for row in overtaken
        ],
    )


def misplaced(withdrawals: Withdrawals, newest: Newest) -> Iterator[Fault]:
    for number, withdrawal in withdrawals:
        if (withdrawal.kind, withdrawal.slug) not in newest:
            yield Fault(
                Said("There is nothing of this kind and slug to withdraw.", "没有可撤销的该类资源。"),
                f"/withdrawals/{number}/slug",
            )


def dangling(session: Session, documents: Documents, unread: set[tuple[str, str]]) -> Iterator[Fault]:
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
        for some in batches(sorted(slugs))
        for slug in in_force_by_slug(session, KINDS[kind].row, some, At(day, release))
    }
    for number, content in documents:
        day = content.valid_from
        for place, kind, slug in _references(content):
            if (kind, slug) in unread:
                continue
            begins = together.get((kind, slug))
            if (kind, slug, day) not in found and not (begins is not None and begins <= day):
                yield Fault(
                    Said(
                        f"Nothing of {kind} with this slug is in force on {day}.",
                        f"{day}没有有效的{noun(kind)}使用该标识。",
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


def unsound(session: Session, documents: Documents, unread: set[tuple[str, str]]) -> Iterator[Fault]:
    """What the kinds themselves find wrong, looking at what is published along with it and at what is in force."""
    together = {key_of(content): content for _, content in documents}
    release = latest_release(session)
    looked_up: set[tuple[str, str]] = set()

    def lookup(kind: str, slug: str, day: date) -> Content | None:
        looked_up.add((kind, slug))
        beside = together.get((kind, slug))
        if beside is not None and beside.valid_from <= day:
            return beside
        return in_force_by_slug(session, KINDS[kind].row, [slug], At(day, release)).get(slug)

    for number, content in documents:
        looked_up.clear()
        found = list(content.faults(lookup))
        if looked_up.isdisjoint(unread):
            yield from (Fault(fault.said, f"/documents/{number}{fault.pointer}") for fault in found)
