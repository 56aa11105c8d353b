"""Regions side by side, and a region's standards beside those above it."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from app.changes.what import plain
from app.comparison.models import (
    ComparedStandard,
    ConceptComparison,
    Floor,
    Floors,
    RegionSide,
    StandardGroup,
    Standing,
    Verdict,
)
from app.comparison.units import Common, common
from app.concepts.models import ConceptVersion
from app.diff.standards import Bounds, bounds, in_common, less_is_better
from app.diff.words import in_chinese
from app.errors import Invalid
from app.faults import Fault, Said
from app.plans.models import PlanVersion
from app.regions.models import RegionRef, ancestors, check_region, refs
from app.rules.models import RuleVersion
from app.rules.models import present as present_rules
from app.services.models import ServiceVersion
from app.services.models import present as present_services
from app.standards.models import Standard, StandardVersion
from app.standards.models import present as present_standards
from app.versioning import At, in_force_clause, never_was


def compare(session: Session, at: At, concept: str, codes: Sequence[str]) -> ConceptComparison:
    """The services, standards and rules of one concept, region by region.

    Raises `Invalid` for a concept or a region that there is not: nothing on a side is to mean that there is nothing.
    """
    named = refs(session, codes, at)
    faults = [
        Fault(
            Said(
                f"Number {place}: the national list has no region with this code; /v1/regions?q= finds it by its name.",
                f"第{place}个：全国行政区划表中没有该代码，可用 /v1/regions?q=名称 查找。",
            ),
            parameter="regions",
        )
        for place, code in enumerate(codes, 1)
        if code not in named
    ]
    there = col(ConceptVersion.slug) == concept, col(ConceptVersion.release) <= at.release
    if session.scalar(select(col(ConceptVersion.slug)).where(*there).limit(1)) is None:
        faults.append(Fault(never_was(ConceptVersion, at.release).detail, parameter="concept"))
    if faults:
        raise Invalid.of(faults)
    sides = [_side(session, at, concept, named[code]) for code in codes]
    return ConceptComparison(
        concept=concept, on=at.on.isoformat(), release=at.release, sides=sides, measured=_measured(sides)
    )


def _side(session: Session, at: At, concept: str, region: RegionRef) -> RegionSide:
    plans = select(col(PlanVersion.slug)).where(
        in_force_clause(PlanVersion, at), col(PlanVersion.region) == region.code
    )
    services = session.scalars(
        select(ServiceVersion)
        .where(
            in_force_clause(ServiceVersion, at),
            col(ServiceVersion.concept) == concept,
            col(ServiceVersion.plan).in_(plans),
        )
        .order_by(col(ServiceVersion.plan), col(ServiceVersion.slug))
    ).all()
    rules = session.scalars(
        select(RuleVersion)
        .where(in_force_clause(RuleVersion, at), col(RuleVersion.service).in_([s.slug for s in services]))
        .order_by(col(RuleVersion.slug))
    ).all()
    return RegionSide(
        region=region,
        services=present_services(session, at, services),
        standards=present_standards(session, at, _standards(session, at, region.code, concept)),
        rules=present_rules(session, at, rules),
    )


def _standards(session: Session, at: At, code: str, concept: str | None = None) -> Sequence[StandardVersion]:
    plans = select(col(PlanVersion.slug)).where(
        in_force_clause(PlanVersion, at), col(PlanVersion.region) == code
    )
    wanted = select(StandardVersion).where(
        in_force_clause(StandardVersion, at), col(StandardVersion.plan).in_(plans)
    )
    if concept is not None:
        wanted = wanted.where(col(StandardVersion.concept) == concept)
    return session.scalars(wanted.order_by(col(StandardVersion.plan), col(StandardVersion.position))).all()


def _measured(sides: Iterable[RegionSide]) -> list[StandardGroup]:
    groups: dict[tuple[Any, ...], list[tuple[str, Standard, Common]]] = {}
    for side in sides:
        for standard in side.standards:
            if standard.value is not None:
                placed = common(standard.value, standard.unit, standard.per)
                # A total of five years is not one of a year; a share is reached, not added up.
                total = standard.period == "five_years" and placed.unit != "%"
                key = standard.measure, placed.unit, placed.per, "five_years" if total else None
                groups.setdefault(key, []).append((side.region.code, standard, placed))
    return [
        StandardGroup(measure=measure, unit=unit, per=per, period=period, items=_placed(found))
        for (measure, unit, per, period), found in sorted(groups.items(), key=str)
    ]


def _placed(found: list[tuple[str, Standard, Common]]) -> list[ComparedStandard]:
    values = [placed.value for _, _, placed in found]
    alone = len({code for code, _, _ in found}) == 1

    def standing(value: float) -> Standing | None:
        if alone:
            return None
        if min(values) == max(values):
            return "equal"
        return "highest" if value == max(values) else "lowest" if value == min(values) else "between"

    return [
        ComparedStandard(
            region=code,
            standard=standard.slug,
            name=standard.name,
            value=placed.value,
            value_text=standard.value_text,
            comparator=standard.comparator,
            population=standard.population,
            year=standard.year,
            converted=placed.converted and in_chinese(placed.converted),
            standing=standing(placed.value),
        )
        for code, standard, placed in sorted(found, key=lambda line: (-line[2].value, line[0], line[1].slug))
    ]


def floors(session: Session, at: At, code: str) -> Floors:
    """Each standard of a region beside the comparable ones of the regions above it."""
    check_region(session, "region", code, at)
    above = {up: _standards(session, at, up) for up in ancestors(code)}
    items: list[Floor] = []
    alone: list[str] = []
    for own in _standards(session, at, code):
        pairs = [pair for up, theirs in above.items() for one in theirs if (pair := _floor(own, up, one))]
        items += pairs
        if not pairs:
            alone.append(own.slug)
    region = refs(session, [code], at)[code]
    return Floors(region=region, on=at.on.isoformat(), release=at.release, items=items, without_floor=alone)


def _floor(own: StandardVersion, up: str, one: StandardVersion) -> Floor | None:
    """None where neither holds more of the promise than the other: other things, or bounds on other sides."""
    if (own.concept, own.measure, own.period) != (one.concept, one.measure, one.period):
        return None
    said, floor = plain(own), plain(one)
    mine, theirs = in_common(said), in_common(floor)
    if mine is None or theirs is None or (mine.unit, mine.per) != (theirs.unit, theirs.per):
        return None
    less = less_is_better(own.measure, mine, theirs)
    verdict = _verdict(bounds(said, mine, less=less), bounds(floor, theirs, less=less))
    return verdict and Floor(
        standard=own.slug,
        floor=one.slug,
        region_above=up,
        value=mine.value,
        value_text=own.value_text,
        population=own.population,
        floor_value=theirs.value,
        floor_value_text=one.value_text,
        floor_population=one.population,
        unit=mine.unit,
        per=mine.per,
        verdict=verdict,
    )


def _verdict(own: Bounds | None, floor: Bounds | None) -> Verdict | None:
    if own is None or floor is None:
        return None
    if own == floor:
        return "equal"
    return "above" if own.within(floor) else "below" if floor.within(own) else None
