"""The versions that releases brought, kind by kind in SQL, and each of them as a change."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, false, func, literal, select, tuple_, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.catalogue import KINDS
from app.changes.models import Change, Scope
from app.changes.what import differing, own_name, plain, what_changed
from app.plans.models import PlanVersion
from app.rules.models import RuleVersion
from app.services.models import ServiceVersion
from app.versioning import At, Row, in_force_by_slug

Key = tuple[str, str, int]  # kind, slug, version


def brought(after: int, until: int, scope: Scope | None = None) -> Subquery:
    """The versions of all kinds that the releases after one and up to another brought."""
    per_kind: list[Any] = [
        select(
            col(row.release).label("release"),
            literal(place).label("place"),
            literal(kind).label("kind"),
            col(row.slug).label("slug"),
            col(row.version).label("version"),
            col(row.withdrawn).label("withdrawn"),
            col(row.valid_from).label("valid_from"),
        ).where(col(row.release) > after, col(row.release) <= until, *within(row, until, scope))
        for place, (kind, (_, row)) in enumerate(KINDS.items())
        if scope is None or scope.kind in (None, kind)
    ]
    return union_all(*per_kind).subquery("change")


def within(row: type[Row], until: int, scope: Scope | None) -> list[ColumnElement[bool]]:
    """A scope as conditions on a kind's versions.

    What ever belonged to a plan stays in the plan's scope: whoever follows the plan must hear that it left.
    """
    conditions: list[ColumnElement[bool]] = []
    if scope is None:
        return conditions
    if scope.slug is not None:
        conditions.append(col(row.slug) == scope.slug)
    if scope.plan is not None:
        conditions.append(_of_plans(row, until, [scope.plan]))
    if scope.region is not None:
        plans = select(col(PlanVersion.slug)).where(
            col(PlanVersion.region) == scope.region, col(PlanVersion.release) <= until
        )
        conditions.append(_of_plans(row, until, plans))
    return conditions


def _of_plans(row: type[Row], until: int, plans: Sequence[str] | Select[Any]) -> ColumnElement[bool]:
    if row is PlanVersion:
        return col(row.slug).in_(plans)
    plan = getattr(row, "plan", None)
    if plan is None:
        return false()
    return col(row.slug).in_(select(col(row.slug)).where(plan.in_(plans), col(row.release) <= until))


def described(session: Session, keys: Iterable[Key], *, documents: bool = False) -> list[Change]:
    """Each of the versions as a change, in the order given."""
    keys = list(keys)
    by_kind: dict[str, list[tuple[str, int]]] = {}
    for kind, slug, version in keys:
        by_kind.setdefault(kind, []).append((slug, version))
    found = {}
    for kind, wanted in by_kind.items():
        pairs = list(_beside_replaced(session, KINDS[kind].row, wanted))
        names = _names(session, [row for row, _ in pairs])
        for row, replaced in pairs:
            name = names[row.slug, row.version]
            found[kind, row.slug, row.version] = _change(kind, row, replaced, name, documents=documents)
    return [found[key] for key in keys]


def _names(session: Session, rows: Iterable[Row]) -> dict[tuple[str, int], str | None]:
    """What each version is called: as it says itself, or as its service was called when the version came."""
    names: dict[tuple[str, int], str | None] = {}
    nameless: dict[At, list[RuleVersion]] = {}
    for row in rows:
        names[row.slug, row.version] = own_name(row)
        if isinstance(row, RuleVersion):
            nameless.setdefault(At(row.valid_from, row.release), []).append(row)
    for at, rules in nameless.items():
        services = in_force_by_slug(session, ServiceVersion, [rule.service for rule in rules], at)
        for rule in rules:
            found = services.get(rule.service)
            names[rule.slug, rule.version] = found.name if found else None
    return names


def _beside_replaced(
    session: Session, row: type[Row], wanted: Sequence[tuple[str, int]]
) -> Iterable[tuple[Row, Row | None]]:
    """Versions, each with the one that applied on its first day until it came, else the version before it."""
    before, earlier = aliased(row), aliased(row)
    applied = (
        select(col(earlier.version))
        .where(
            col(earlier.slug) == col(row.slug),
            col(earlier.version) < col(row.version),
            col(earlier.valid_from) <= col(row.valid_from),
        )
        .order_by(col(earlier.valid_from).desc(), col(earlier.version).desc())
        .limit(1)
        .correlate(row)
        .scalar_subquery()
    )
    replaced = and_(
        col(before.slug) == col(row.slug), col(before.version) == func.coalesce(applied, col(row.version) - 1)
    )
    pairs = (
        select(row, before)
        .outerjoin(before, replaced)
        .where(tuple_(col(row.slug), col(row.version)).in_(wanted))
    )
    return (tuple(line) for line in session.execute(pairs))


def _change(kind: str, row: Row, replaced: Row | None, name: str | None, *, documents: bool) -> Change:
    what = what_changed(row, replaced)
    same_stock = what not in ("added", "withdrawn") and replaced is not None
    return Change(
        kind=kind,
        slug=row.slug,
        name=name,
        version=row.version,
        release=row.release,
        change=what,
        valid_from=row.valid_from,
        fields=differing(replaced, row) if same_stock and replaced else [],
        replaces=replaced.version if replaced else None,
        note=row.withdrawn_because if row.withdrawn else row.change_note,
        href=f"/v1/{kind}/{row.slug}/versions/{row.version}",
        document=_document(kind, row) if documents and not row.withdrawn else None,
    )


def _document(kind: str, row: Row) -> dict[str, Any]:
    return {"kind": kind, "slug": row.slug, "change_note": row.change_note, **plain(row)}
