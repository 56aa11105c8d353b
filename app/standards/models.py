"""Standards: a quantity that a person can expect, as firmly as the plan promises it."""

from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import ConfigDict, Field
from sqlalchemy import JSON, ColumnElement, String
from sqlmodel import Field as Column
from sqlmodel import Session, col

from app.concepts.models import ConceptVersion
from app.discrepancies.models import touching
from app.faults import Said
from app.plans.models import OfPlansQuery, PlanVersion, period_ended
from app.provenance import Source, not_stated
from app.resource import Resource, envelope
from app.search import Match, Through
from app.versioning import At, Content, Name, Row, Slug, Text, in_force_by_slug, recorded

Measure = Literal["amount", "ratio", "deadline", "distance", "frequency", "coverage", "count", "level"]
Comparator = Literal["equal", "at_least", "more_than", "at_most", "less_than", "about", "range"]
Firmness = Literal["commitment", "aim", "encouragement", "pilot"]


class StandardContent(Content):
    """What people write about a standard."""

    kind: ClassVar[str] = "standards"
    noun: ClassVar[Said] = Said("standard", "服务标准")
    cites: ClassVar[tuple[str, ...]] = ("name", "value_text", "value", "unit", "population", "year")
    may_cite: ClassVar[tuple[str, ...]] = (
        "concept", "service", "measure", "comparator", "value_high", "value_derived", "per", "period", "firmness",
    )  # fmt: skip
    # value_text has the unit as it is printed; `unit` is what it is counted in.
    coded: ClassVar[tuple[str, ...]] = ("measure", "comparator", "unit", "per", "period", "firmness")
    refers: ClassVar[dict[str, str]] = {"plan": "plans", "concept": "concepts", "service": "services"}
    searched: ClassVar[dict[str, int]] = {"name": 0, "population": 40}

    name: Name
    plan: Slug = Column(index=True)
    concept: Slug = Column(index=True)
    service: Slug | None = Column(None, index=True)
    position: int = Column(0, ge=0)
    measure: Measure = Column(sa_type=String)
    comparator: Comparator = Column(sa_type=String)
    value: float | None = None
    value_high: float | None = None
    value_text: Name
    value_derived: bool = False
    unit: Name | None = None
    per: Name | None = None
    population: Text | None = None
    year: int | None = None
    period: Literal["annual", "five_years"] | None = Column(None, sa_type=String)
    firmness: Firmness = Column(sa_type=String)
    sources: list[Source] = Column(default_factory=list, sa_type=JSON)


class StandardVersion(StandardContent, Row, table=True):
    __tablename__ = "standard_version"


# A standard is found by its concept's names, too.
FOUND_THROUGH = (Through("concept", ConceptVersion, 1),)


class Standard(Resource):
    """A quantity that a person can expect: how much, how soon, how far, for how many."""

    model_config = ConfigDict(title="服务标准")

    name: Name = Field(title="名称", description="What is measured, in the plan's words")
    plan: Slug = Field(title="规划", description="Slug of the plan that states it")
    plan_name: str | None = Field(title="规划标题", description="Title of that plan")
    concept: Slug = Field(title="服务概念", description="Slug of the concept: the same benefit elsewhere")
    service: Slug | None = Field(title="服务项目", description="Slug of the service it belongs to, else null")
    position: int = Field(title="位置", description="Its place among the plan's, in the order of the text")
    measure: Measure = Field(
        title="度量", description="amount, ratio, deadline, distance, frequency, coverage, count or level"
    )
    comparator: Comparator = Field(title="比较", description="How the value bounds what is promised")
    value: float | None = Field(title="数值", description="The number; null where only words are printed")
    value_high: float | None = Field(title="上限", description="The other end of a range, else null")
    value_text: Name = Field(title="原文数值", description="The value exactly as printed")
    value_derived: bool = Field(title="数值系推算", description="Whether the number is ours, as for 应保尽保")
    unit: Name | None = Field(title="单位", description="Unit of the value, as printed")
    per: Name | None = Field(
        title="计量口径", description="Per person, household, month, year, event …, as far as printed"
    )
    population: Text | None = Field(title="对象", description="Whom it is promised to, in the plan's words")
    year: int | None = Field(title="年份", description="The year it is promised or stated for")
    period: Literal["annual", "five_years"] | None = Field(
        title="时段", description="Whether it counts one year or five"
    )
    firmness: Firmness = Field(
        title="承诺程度", description="commitment; aim (力争); encouragement (鼓励); pilot (试点)"
    )
    not_stated: list[str] = Field(title="未载明", description="Fields that are null as the plan does not say")
    sources: list[Source] = Field(title="出处", description="Where each value was taken from")
    plan_period_ended: bool | None = Field(
        title="规划期已满", description="Whether the plan's period is over on `on`; null where none is stated"
    )
    discrepancies: list[str] = Field(title="相关矛盾", description="Slugs of discrepancies that are about it")
    links: dict[str, str] = Field(title="链接", description="What belongs to it, as URLs")
    matched: list[Match] | None = Field(
        None, exclude_if=lambda value: value is None, title="命中说明", description="Why `q` found it"
    )


class StandardQuery(OfPlansQuery):
    """What the list of standards can be filtered by."""

    service: Slug | None = Field(
        None, title="服务项目", description="Standards of the service with this slug"
    )
    concept: Slug | None = Field(
        None, title="服务概念", description="Standards of the concept with this slug"
    )
    measure: Measure | None = Field(None, title="度量", description="Standards of this measure")
    firmness: Firmness | None = Field(None, title="承诺程度", description="Standards promised this firmly")
    year: int | None = Field(None, ge=0, le=9999, title="年份", description="Standards for this year")

    def where(self, session: Session, at: At) -> list[ColumnElement[bool]]:
        return self.asked_of(
            session, at, StandardVersion, "service", "concept", "measure", "firmness", "year"
        )


IN_PLAN_ORDER = (col(StandardVersion.plan), col(StandardVersion.position))


def present(session: Session, at: At, rows: Iterable[StandardVersion]) -> list[Standard]:
    rows = list(rows)
    times = recorded(session, rows)
    about = touching(session, at, "standards", [row.plan for row in rows], [row.slug for row in rows])
    plans = in_force_by_slug(session, PlanVersion, [row.plan for row in rows], at)
    return [
        Standard(
            **envelope(row, at, times[row.release]),
            name=row.name,
            plan=row.plan,
            plan_name=plans[row.plan].name if row.plan in plans else None,
            concept=row.concept,
            service=row.service,
            position=row.position,
            measure=row.measure,
            comparator=row.comparator,
            value=row.value,
            value_high=row.value_high,
            value_text=row.value_text,
            value_derived=row.value_derived,
            unit=row.unit,
            per=row.per,
            population=row.population,
            year=row.year,
            period=row.period,
            firmness=row.firmness,
            not_stated=not_stated(row),
            sources=row.sources,
            plan_period_ended=period_ended(plans.get(row.plan), at.on),
            discrepancies=about[row.slug],
            links={
                "self": f"/v1/standards/{row.slug}",
                "versions": f"/v1/standards/{row.slug}/versions",
                "plan": f"/v1/plans/{row.plan}",
                "concept": f"/v1/concepts/{row.concept}",
                **({"service": f"/v1/services/{row.service}"} if row.service else {}),
            },
        )
        for row in rows
    ]
