"""What distinguishes two states of the catalogue: `difference` on a session, which may be in the middle of publishing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import ColumnElement, func, inspect, not_, or_, select
from sqlmodel import Session, col

from app.catalogue import KINDS
from app.changes.feed import brought, described, within
from app.changes.models import Change, Scope
from app.changes.what import own_name, plain
from app.chinese import day, quoted
from app.diff.compare import Document, compare
from app.diff.matching import ROUNDS, Match, matched
from app.diff.models import Diff, Difference, DiffItem, DiffSide, DiffState
from app.diff.words import World, noun, targets
from app.eligibility.facts import Fact
from app.errors import Invalid
from app.facts.models import FactVersion
from app.rules.models import engine_fact
from app.versioning import At, Content, Row, in_force_by_slug, in_force_clause, visible

MOST = 20_000
MOST_LATER = 1000
SOME = 500
NOTHING: Mapping[str, Row] = {}
EVERYTHING = Scope(kind=None, slug=None, plan=None, region=None)


def difference(session: Session, before: At, after: At, scope: Scope = EVERYTHING) -> Diff:
    """Every resource of a scope that is not the same at two places in the catalogue's two times."""
    items: list[DiffItem] = []
    kept = 0
    for kind, (_, row) in KINDS.items():
        if scope.kind in (None, kind):
            where = within(row, max(before.release, after.release), scope)
            pairs = _changed(session, row, before, after, where)
            items += itemised(session, kind, pairs, before, after)
            kept += _count_kept(session, row, before, after, where)
            _refuse_too_many(len(items))
    return summed(before, after, items, kept, _later(session, before, after, scope))


def summed(before: At, after: At, items: list[DiffItem], kept: int, later: list[Change]) -> Diff:
    """The difference as a whole, with how often there is what."""
    found: dict[str, int] = {}
    for item in items:
        for what in dict.fromkeys(one.type for one in item.differences):
            found[what] = found.get(what, 0) + 1
    return Diff(
        before=DiffState(on=before.on, release=before.release),
        after=DiffState(on=after.on, release=after.release),
        summary={**found, "kept": kept},
        total=len(items),
        items=items,
        later=later,
    )


def _changed(
    session: Session, row: type[Row], before: At, after: At, where: Sequence[ColumnElement[bool]]
) -> list[tuple[Row | None, Row | None]]:
    """Each resource whose version in force is not the same, with both; None where there is none."""
    was, now = in_force_clause(row, before), in_force_clause(row, after)
    touched = [*where, _touched(row, before, after)]
    gone = session.scalars(select(row).where(*touched, was, not_(now)).limit(MOST + 1)).all()
    came = session.scalars(select(row).where(*touched, now, not_(was)).limit(MOST + 1)).all()
    _refuse_too_many(max(len(gone), len(came)))
    one, other = {r.slug: r for r in gone}, {r.slug: r for r in came}
    return [(one.get(slug), other.get(slug)) for slug in sorted(one.keys() | other.keys())]


def _touched(row: type[Row], before: At, after: At) -> ColumnElement[bool]:
    """Only what a release between or a day between can have changed: the rest need not be looked at."""
    releases, days = sorted((before.release, after.release)), sorted((before.on, after.on))
    published = select(col(row.slug)).where(col(row.release) > releases[0], col(row.release) <= releases[1])
    began = select(col(row.slug)).where(col(row.valid_from) > days[0], col(row.valid_from) <= days[1])
    return or_(col(row.slug).in_(published), col(row.slug).in_(began))


def _count_kept(
    session: Session, row: type[Row], before: At, after: At, where: Sequence[ColumnElement[bool]]
) -> int:
    both = select(func.count()).select_from(row)
    both = both.where(*where, in_force_clause(row, before), in_force_clause(row, after))
    return session.scalar(both) or 0


def _refuse_too_many(count: int) -> None:
    if count > MOST:
        raise Invalid(
            f"More than {MOST} things differ: narrow it by kind, plan, region or slug, or read /v1/changes.",
            f"差异超过{MOST}项：请以 kind、plan、region 或 slug 缩小范围，或改用 /v1/changes。",
        )


def _later(session: Session, before: At, after: At, scope: Scope) -> list[Change]:
    change = brought(before.release, after.release, scope)
    order = (change.c.valid_from, change.c.place, change.c.slug, change.c.version)
    wanted = change.select().where(change.c.valid_from > after.on).order_by(*order).limit(MOST_LATER)
    return described(session, ((line.kind, line.slug, line.version) for line in session.execute(wanted)))


def itemised(
    session: Session, kind: str, pairs: Sequence[tuple[Row | None, Row | None]], before: At, after: At
) -> list[DiffItem]:
    """Pairs of versions of one kind as items; services that were merged or split as one."""
    documents = [
        (_document(one), _document(other)) if one and other else (_outline(one), _outline(other))
        for one, other in pairs
    ]
    world = world_of(session, kind, documents, before, after)
    gone = [one["slug"] for one, other in documents if one and not other]
    ends = _ends(session, KINDS[kind].row, gone, after)
    rows = {(side, row.slug): row for pair in pairs for side, row in enumerate(pair) if row is not None}
    both = [Match((one,), (other,)) for one, other in documents if one and other]
    left = [one for one, other in documents if one and not other]
    right = [other for one, other in documents if other and not one]
    if kind == "services":
        # Within a catalogue a slug is for ever: only what has become one, or several, is told together.
        rounds = ROUNDS[kind]._replace(keys=(), joined=lambda service: (service["plan"], service["concept"]))
        apart = matched(left, right, rounds)
    else:
        apart = [Match((one,), ()) for one in left] + [Match((), (other,)) for other in right]
    found = [item_of(kind, match, world, rows, ends=ends) for match in [*both, *apart]]
    return sorted(found, key=lambda item: (item.after or item.before)[0].slug)


def _ends(session: Session, row: type[Row], slugs: Sequence[str], at: At) -> dict[str, Row]:
    """The withdrawals of what is withdrawn at a place in time."""
    order = (col(row.valid_from), col(row.version))
    found: dict[str, Row] = {}
    for some in _some(slugs):
        ended = select(row).where(
            col(row.slug).in_(some), visible(inspect(row).local_table, at), col(row.withdrawn).is_(True)
        )
        found |= {end.slug: end for end in session.scalars(ended.order_by(*order))}
    return found


def _document(row: Row) -> Document:
    return {"slug": row.slug, **plain(row)}


def _outline(row: Row | None) -> Document | None:
    """As much of what stands alone as it takes to see what it belongs to."""
    fields = ("slug", "name", "plan", "concept", "service")
    return None if row is None else {field: getattr(row, field) for field in fields if hasattr(row, field)}


def item_of(
    kind: str,
    match: Match,
    world: World,
    rows: dict[tuple[int, str], Row],
    aside: Iterable[str] = (),
    ends: Mapping[str, Row] = NOTHING,
) -> DiffItem:
    """What belongs together as one item with its differences; fields `aside` are not compared."""
    sides = [
        [_side(kind, rows[number, document["slug"]], world) for document in documents]
        for number, documents in enumerate(match)
    ]
    before, after = sides
    called = ["、".join(quoted(one.name or one.slug) for one in side) for side in sides]
    joined = [one.slug for one in before], [one.slug for one in after]

    def whole(what: str, text: str) -> list[Difference]:
        old, new = (slugs[0] if len(slugs) == 1 else slugs or None for slugs in joined)
        return [
            Difference.model_validate({"type": what, "field": None, "old": old, "new": new, "text": text})
        ]

    match len(before), len(after):
        case 0, _:
            found = whole("added", f"新增{noun(kind)}{called[1]}。")
        case _, 0:
            end = ends.get(before[0].slug)
            why = (
                f"自{day(end.valid_from)}起撤销：{(end.withdrawn_because or '').rstrip('。')}" if end else ""
            )
            found = whole("withdrawn", f"不再有{noun(kind)}{called[0]}{f'（{why}）' if why else ''}。")
        case 1, 1:
            one, other = ({f: v for f, v in side[0].items() if f not in aside} for side in match)
            found = compare(kind, one, other, world)
        case _, 1:
            found = whole("merged", f"{called[0]}合并为{called[1]}。")
        case _:
            found = whole("split", f"{called[0]}拆分为{called[1]}。")
    return DiffItem(kind=kind, before=before, after=after, differences=found)


def _side(kind: str, row: Row, world: World) -> DiffSide:
    of_service = world.names.get(("services", getattr(row, "service", None) or ""))
    return DiffSide(
        slug=row.slug,
        name=own_name(row) or of_service,
        version=row.version,
        valid_from=row.valid_from,
        href=f"/v1/{kind}/{row.slug}/versions/{row.version}",
    )


def world_of(
    session: Session,
    kind: str,
    documents: Iterable[tuple[Document | None, Document | None]],
    before: At,
    after: At,
) -> World:
    """What some documents are seen with: facts for rules, and the names of what they refer to differently."""
    wanted: dict[str, set[str]] = {}
    for one, other in documents:
        for field, target in targets(kind).items():
            if one and other and one.get(field) != other.get(field):
                wanted.setdefault(target, set()).update(_slugs(one.get(field)), _slugs(other.get(field)))
        # A rule has no name but its service's.
        if kind == "rules":
            wanted.setdefault("services", set()).update(side["service"] for side in (one, other) if side)
    names = {
        (target, slug): str(getattr(row, "name", slug))
        for target, slugs in wanted.items()
        for at in (before, after)
        for some in _some(slugs)
        for slug, row in in_force_by_slug(session, KINDS[target].row, some, at).items()
    }
    if kind != "rules":
        return World({}, {}, names)
    return World(facts_at(session, before), facts_at(session, after), names)


def _slugs(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else value or []


def _some(slugs: Iterable[str]) -> Iterator[list[str]]:
    """As many at a time as either database takes in one question."""
    whole = sorted(slugs)
    yield from (whole[start : start + SOME] for start in range(0, len(whole), SOME))


def between_documents(session: Session, at: At, one: Content, other: Content) -> list[Difference]:
    """The differences of two documents of a kind that need not be published, as seen from a place in time."""
    before, after = ({"slug": document.slug, **plain(document)} for document in (one, other))
    return compare(one.kind, before, after, world_of(session, one.kind, [(before, after)], at, at))


def facts_at(session: Session, at: At) -> dict[str, Fact]:
    """The facts in force, as the engine takes them."""
    facts = session.scalars(select(FactVersion).where(in_force_clause(FactVersion, at)))
    return {fact.slug: engine_fact(fact) for fact in facts}
