"""What is compared, and the county's standards against those above it."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError
from sqlalchemy import select
from sqlmodel import Session, col

from app.comparison.units import Common, common
from app.plans.models import PlanVersion
from app.queries import ReadQuery
from app.regions.models import Code, RegionRef, ancestors, check_region, refs
from app.rules.models import Rule, RuleVersion
from app.rules.models import present as present_rules
from app.services.models import Service, ServiceVersion
from app.services.models import present as present_services
from app.standards.models import Standard, StandardVersion
from app.standards.models import present as present_standards
from app.versioning import At, Slug, in_force_clause

MOST_REGIONS = 20


def _codes(text: str) -> str:
    codes = text.split(",")
    if not 1 <= len(codes) <= MOST_REGIONS or not all(len(c) == 6 and c.isdigit() for c in codes):  # noqa: PLR2004
        raise PydanticCustomError(
            "codes",
            "Should be one to twenty six-digit codes with commas between",
            {"zh": "应为1至20个六位行政区划代码，以逗号分隔"},
        )
    return text


class ComparisonQuery(ReadQuery):
    """Which benefit, and where."""

    concept: Slug = Field(title="服务概念", description="Slug of the concept to compare")
    regions: Annotated[str, AfterValidator(_codes)] = Field(
        title="行政区划", description="Codes of the regions, with commas between: 510802,620602"
    )


class FloorQuery(ReadQuery):
    """Whose standards to hold against those of the regions above."""

    region: Code = Field(title="行政区划", description="The region whose standards are checked")


class Placed(BaseModel):
    """One standard in a common unit."""

    model_config = ConfigDict(title="可比标准")

    region: str = Field(title="行政区划", description="Code of the region")
    standard: str = Field(title="服务标准", description="Slug of the standard")
    name: str = Field(title="名称", description="What is measured, in the plan's words")
    value: float = Field(title="数值", description="The value in the common unit")
    value_text: str = Field(title="原文数值", description="The value as printed")
    converted: str | None = Field(
        title="换算", description="What was converted, and how; null if nothing was"
    )
    standing: Literal["highest", "lowest", "between", "equal"] = Field(
        title="位次", description="Where it stands among the regions; equal if all are the same"
    )


class Measured(BaseModel):
    """Standards that measure the same kind of thing in the same unit."""

    model_config = ConfigDict(title="同类标准")

    measure: str = Field(title="度量", description="amount, ratio, deadline …")
    unit: str | None = Field(title="单位", description="The common unit")
    per: str | None = Field(title="计量口径", description="The common period or person")
    items: list[Placed] = Field(title="标准", description="Highest value first")


class RegionSide(BaseModel):
    """What one region offers."""

    model_config = ConfigDict(title="一地情况")

    region: RegionRef = Field(title="所在区划", description="The region")
    services: list[Service] = Field(title="服务项目", description="Its services of the concept")
    standards: list[Standard] = Field(title="服务标准", description="Its standards of the concept")
    rules: list[Rule] = Field(title="资格规则", description="The rules of those services")


class ConceptComparison(BaseModel):
    """One concept in several regions."""

    model_config = ConfigDict(title="区域对比")

    concept: str = Field(title="服务概念", description="Slug of the concept")
    on: str = Field(title="查询日期", description="The day this answer is for")
    release: int = Field(title="查询发布号", description="The release the catalogue was read at")
    sides: list[RegionSide] = Field(title="各地情况", description="One per region, as asked for")
    measured: list[Measured] = Field(title="可比标准", description="Standards in common units, side by side")


class Floor(BaseModel):
    """A standard beside one of a region above."""

    model_config = ConfigDict(title="底线核对")

    standard: str = Field(title="服务标准", description="Slug of the region's own standard")
    floor: str = Field(title="上级标准", description="Slug of the standard above")
    region_above: str = Field(title="上级区划", description="Code of the region above")
    value: float = Field(title="数值", description="Its own value in the common unit")
    floor_value: float = Field(title="上级数值", description="The value above in the common unit")
    unit: str | None = Field(title="单位", description="The common unit")
    per: str | None = Field(title="计量口径", description="The common period or person")
    verdict: Literal["above", "equal", "below"] = Field(
        title="结论", description="above: better for the person than what is promised above; below: worse"
    )


class Floors(BaseModel):
    """A region's standards against its ancestors', where both exist."""

    model_config = ConfigDict(title="底线核对结果")

    region: RegionRef = Field(title="所在区划", description="The region")
    on: str = Field(title="查询日期", description="The day this answer is for")
    release: int = Field(title="查询发布号", description="The release the catalogue was read at")
    items: list[Floor] = Field(title="核对", description="One per pair of comparable standards")
    without_floor: list[str] = Field(
        title="无上级标准", description="Its standards that nothing above compares with"
    )


# Where less is better for the person.
SMALLER_IS_BETTER = {"deadline", "distance"}


def compare(session: Session, at: At, concept: str, codes: Sequence[str]) -> ConceptComparison:
    """The services, standards and rules of one concept, region by region."""
    for code in codes:
        check_region(session, "regions", code, at)
    named = refs(session, codes, at)
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


def _measured(sides: Iterable[RegionSide]) -> list[Measured]:
    groups: dict[tuple[str, str | None, str | None], list[tuple[str, Standard, Common]]] = {}
    for side in sides:
        for standard in side.standards:
            if standard.value is not None:
                placed = common(standard.value, standard.unit, standard.per)
                key = standard.measure, placed.unit, placed.per
                groups.setdefault(key, []).append((side.region.code, standard, placed))
    return [
        Measured(measure=measure, unit=unit, per=per, items=_placed(found))
        for (measure, unit, per), found in sorted(groups.items(), key=str)
    ]


def _placed(found: list[tuple[str, Standard, Common]]) -> list[Placed]:
    values = [placed.value for _, _, placed in found]

    def standing(value: float) -> Literal["highest", "lowest", "between", "equal"]:
        if min(values) == max(values):
            return "equal"
        return "highest" if value == max(values) else "lowest" if value == min(values) else "between"

    return [
        Placed(
            region=code,
            standard=standard.slug,
            name=standard.name,
            value=placed.value,
            value_text=standard.value_text,
            converted=placed.converted,
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
    if own.value is None or one.value is None or (own.concept, own.measure) != (one.concept, one.measure):
        return None
    mine, theirs = common(own.value, own.unit, own.per), common(one.value, one.unit, one.per)
    if (mine.unit, mine.per) != (theirs.unit, theirs.per):
        return None
    better = mine.value < theirs.value if own.measure in SMALLER_IS_BETTER else mine.value > theirs.value
    return Floor(
        standard=own.slug,
        floor=one.slug,
        region_above=up,
        value=mine.value,
        floor_value=theirs.value,
        unit=mine.unit,
        per=mine.per,
        verdict="equal" if mine.value == theirs.value else "above" if better else "below",
    )
