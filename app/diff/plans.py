"""One plan held against another of the same region: the next five years against the last."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.catalogue import KINDS
from app.changes.models import Scope
from app.changes.what import plain
from app.diff.compare import Document
from app.diff.difference import EVERYTHING, MOST, item_of, summed, world_of
from app.diff.matching import ROUNDS, Match, matched
from app.diff.models import Diff, DiffItem
from app.diff.words import targets
from app.errors import Invalid
from app.plans.models import PlanVersion
from app.versioning import At, Row, in_force_by_slug, in_force_clause

# What can only be another in another plan: it says nothing about the offer.
ASIDE = frozenset(
    {
        "slug",
        "plan",
        "position",
        "ordinal",
        "valid_from",
        "sources",
        "table",
        "row",
        "text_file",
        "text_coverage",
    }
)
# Where something has no place: after all that has one.
LAST: dict[str, int | str] = {"position": 1_000_000, "domain": "~", "ordinal": 1_000_000}

Known = dict[tuple[str, str], str]  # kind and slug in the first plan → slug in the second


def between_plans(
    session: Session,
    before: At,
    after: At,
    of: str,
    to: str,
    scope: Scope = EVERYTHING,
    *,
    kept: bool = False,
) -> Diff:
    """The differences of two plans, resources matched by concept and name; with `kept`, also what has none."""
    called = _check_plans(session, before, after, of, to)
    known: Known = {}
    items: list[DiffItem] = []
    same = 0
    for kind in ROUNDS:
        found = _of_kind(session, kind, before, after, (of, to), known)
        if scope.kind in (None, kind):
            same += sum(not item.differences for item in found)
            items += [item for item in found if kept or item.differences]
    diff = summed(before, after, items, same, [])
    for moment, plan, name in zip((diff.before, diff.after), (of, to), called, strict=True):
        moment.plan, moment.plan_name = plan, name
    return diff


def _check_plans(session: Session, before: At, after: At, of: str, to: str) -> list[str]:
    """The titles of the two plans, once they are known to be of one region."""
    found_plans = []
    for parameter, slug, at in (("from_plan", of, before), ("to_plan", to, after)):
        found = in_force_by_slug(session, PlanVersion, [slug], at).get(slug)
        if found is None:
            raise Invalid.parameter(
                parameter,
                f"No plan with this slug is in force on {at.on} at release {at.release}.",
                f"{at.on}、发布{at.release}没有使用该标识的有效规划。",
            )
        found_plans.append(found)
    if found_plans[0].region != found_plans[1].region:
        raise Invalid.parameter(
            "to_plan",
            "The two plans are not of the same region: /v1/compare puts regions side by side.",
            "两个规划不属于同一行政区划；区域之间的对比请用 /v1/compare。",
        )
    return [found.name for found in found_plans]


def _of_kind(
    session: Session, kind: str, before: At, after: At, plans: tuple[str, str], known: Known
) -> list[DiffItem]:
    """The items of one kind in the order of the second plan, then what only the first has."""
    row = KINDS[kind].row
    sides = [_rows(session, row, at, plan) for at, plan in zip((before, after), plans, strict=True)]
    rows = {(side, found.slug): found for side, of_side in enumerate(sides) for found in of_side}
    ones = [_translated(kind, {"slug": found.slug, **plain(found)}, known) for found in sides[0]]
    others = [{"slug": found.slug, **plain(found)} for found in sides[1]]
    matches = matched(ones, others, ROUNDS[kind])
    for match in matches:
        if match.after:
            known.update({(kind, one["slug"]): match.after[0]["slug"] for one in match.before})
    # What a part belongs to is of its own kind, and known only now.
    matches = [Match(tuple(_translated(kind, one, known) for one in m.before), m.after) for m in matches]
    pairs = [(m.before[0], m.after[0]) for m in matches if len(m.before) == len(m.after) == 1]
    world = world_of(session, kind, pairs, before, after)
    place = {found.slug: number for number, found in enumerate(sides[1])}
    last = {found.slug: len(place) + number for number, found in enumerate(sides[0])}
    matches.sort(key=lambda m: place[m.after[0]["slug"]] if m.after else last[m.before[0]["slug"]])
    aside = ASIDE | {"name"} if kind == "plans" else ASIDE
    return [item_of(kind, match, world, rows, aside) for match in matches]


def _rows(session: Session, row: type[Row], at: At, plan: str) -> Sequence[Row]:
    of_plan = col(row.slug) == plan if row is PlanVersion else row.plan == plan  # type: ignore[attr-defined]  # what belongs to plans has one
    fields = [getattr(row, field) for field in ("position", "domain", "ordinal") if hasattr(row, field)]
    places = [func.coalesce(field, LAST[field.key]) for field in fields]
    wanted = select(row).where(in_force_clause(row, at), of_plan).order_by(*places, col(row.slug))
    return session.scalars(wanted.limit(MOST)).all()


def _translated(kind: str, document: Document, known: Mapping[tuple[str, str], str]) -> Document:
    """A document of the first plan with its references led into the second, as far as they are known there."""

    def led(field: str, value: Any) -> Any:  # noqa: ANN401 - whatever a field holds
        target = targets(kind).get(field)
        if target is None:
            return value
        if isinstance(value, list):
            return [led(field, part) for part in value]
        return known.get((target, value), value) if isinstance(value, str) else value

    return {field: led(field, value) for field, value in document.items()}
