"""Indicators: baseline and target of what the government steers by, as printed."""

from collections.abc import Iterable, Iterator
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import JSON, ColumnElement, String
from sqlmodel import Field as Column
from sqlmodel import Session, col

from app.discrepancies.models import touching
from app.faults import Fault, Said
from app.plans.models import OfPlansQuery, PlanVersion, period_ended
from app.provenance import Source, normalised, not_stated
from app.resource import Resource, envelope
from app.search import Match
from app.versioning import At, Content, Lookup, Name, Row, Slug, Text, in_force_by_slug, recorded

State = Literal["stated", "none", "lost", "absent"]
Span = Literal["level", "annual", "five_years", "annual_growth"]


class Figure(BaseModel):
    """A baseline or a target: the number, and what kind of number it is."""

    model_config = ConfigDict(extra="forbid", title="指标数值")

    year: int | None = Field(None, title="年份", description="The year it is for")
    value: float | None = Field(None, title="数值", description="The number; null unless one is printed")
    text: str | None = Field(None, title="原文数值", description="Exactly as printed, brackets included")
    comparator: Literal["equal", "at_least", "more_than", "at_most", "less_than", "about"] | None = Field(
        None, title="比较", description="How it bounds what is meant; null where nothing is printed"
    )
    state: State = Field(
        title="状态",
        description="stated; none: a dash is printed; lost: the text lost it; absent: no such figure",
    )
    span: Span | None = Field(
        None, title="口径", description="level, annual, five_years (a five-year total) or annual_growth"
    )


class SeriesPoint(BaseModel):
    """One year of a printed series, or a printed growth."""

    model_config = ConfigDict(extra="forbid", title="年度数值")

    year: int | None = Field(
        None, title="年份", description="The year; null for a growth over the whole period"
    )
    value: float | None = Field(None, title="数值", description="The number")
    text: str | None = Field(None, title="原文数值", description="Exactly as printed")
    span: Span | None = Field(None, title="口径", description="What kind of number it is")


class IndicatorContent(Content):
    """What people write about an indicator."""

    kind: ClassVar[str] = "indicators"
    noun: ClassVar[Said] = Said("indicator", "发展指标")
    cites: ClassVar[tuple[str, ...]] = ("name",)
    may_cite: ClassVar[tuple[str, ...]] = (
        "printed_name",
        "table",
        "row",
        "unit",
        "nature",
        "baseline",
        "target",
        "growth",
        "series",
        "part_of",
        "definition",
        "domain",
    )
    coded: ClassVar[tuple[str, ...]] = ("nature",)
    refers: ClassVar[dict[str, str]] = {"plan": "plans"}
    searched: ClassVar[dict[str, int]] = {"name": 0, "definition": 50}

    name: Name
    printed_name: Name | None = None
    plan: Slug = Column(index=True)
    domain: Slug | None = None
    position: int = Column(0, ge=0)
    table: Name | None = None
    row: int | None = None
    unit: Name | None = None
    nature: Literal["binding", "expected"] | None = Column(None, sa_type=String)
    baseline: Figure | None = Column(None, sa_type=JSON)
    target: Figure | None = Column(None, sa_type=JSON)
    growth: SeriesPoint | None = Column(None, sa_type=JSON)
    series: list[SeriesPoint] = Column(default_factory=list, sa_type=JSON)
    part_of: Slug | None = None
    definition: Text | None = None
    sources: list[Source] = Column(default_factory=list, sa_type=JSON)

    def faults(self, lookup: Lookup) -> Iterator[Fault]:
        """Every printed figure stands in one of the quotes."""
        del lookup
        quoted = [normalised(text) for s in self.sources for text in (s.quote, s.reading or "")]
        figures = [("/baseline", self.baseline), ("/target", self.target), ("/growth", self.growth)]
        figures += [(f"/series/{number}", point) for number, point in enumerate(self.series)]
        for place, figure in figures:
            text = figure.text if figure else None
            if text is not None and not any(normalised(text) in quote for quote in quoted):
                yield Fault(
                    Said(
                        "The printed figure is not contained in any of the quotes.",
                        "该数值不在任何所引原文之内。",
                    ),
                    f"{place}/text",
                )


class IndicatorVersion(IndicatorContent, Row, table=True):
    __tablename__ = "indicator_version"


class Indicator(Resource):
    """A quantity that the government steers by: from a baseline to a target."""

    model_config = ConfigDict(title="发展指标")

    name: Name = Field(title="名称", description="What is measured, without its unit")
    printed_name: Name | None = Field(title="原文名称", description="The name as printed, where it differs")
    plan: Slug = Field(title="规划", description="Slug of the plan that states it")
    plan_name: str | None = Field(title="规划标题", description="Title of that plan")
    domain: Slug | None = Field(title="服务领域", description="Slug of its domain in that plan, else null")
    position: int = Field(title="位置", description="Its place among the plan's, in the order of the text")
    table: Name | None = Field(title="表", description="The table it stands in; null for running text")
    row: int | None = Field(title="行号", description="Printed number of its row")
    unit: Name | None = Field(title="单位", description="Unit as printed")
    nature: Literal["binding", "expected"] | None = Field(
        title="指标性质", description="binding 约束性, expected 预期性; null where not stated"
    )
    baseline: Figure | None = Field(title="基期", description="Where it starts from")
    target: Figure | None = Field(title="目标", description="Where it is to get to")
    growth: SeriesPoint | None = Field(title="增速", description="A printed growth, else null")
    series: list[SeriesPoint] = Field(title="年度数列", description="Printed yearly values")
    part_of: Slug | None = Field(
        title="所属指标", description="Slug of the indicator it is a part of (其中), else null"
    )
    definition: Text | None = Field(title="指标解释", description="The plan's own definition")
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


class IndicatorQuery(OfPlansQuery):
    """What the list of indicators can be filtered by."""

    domain: Slug | None = Field(None, title="服务领域", description="Indicators of the domain with this slug")
    nature: Literal["binding", "expected"] | None = Field(
        None, title="指标性质", description="binding or expected"
    )

    def where(self, session: Session, at: At) -> list[ColumnElement[bool]]:
        return self.asked_of(session, at, IndicatorVersion, "domain", "nature")


IN_PLAN_ORDER = (col(IndicatorVersion.plan), col(IndicatorVersion.position))


def present(session: Session, at: At, rows: Iterable[IndicatorVersion]) -> list[Indicator]:
    rows = list(rows)
    times = recorded(session, rows)
    about = touching(session, at, "indicators", [row.plan for row in rows], [row.slug for row in rows])
    plans = in_force_by_slug(session, PlanVersion, [row.plan for row in rows], at)
    return [
        Indicator(
            **envelope(row, at, times[row.release]),
            name=row.name,
            printed_name=row.printed_name,
            plan=row.plan,
            plan_name=plans[row.plan].name if row.plan in plans else None,
            domain=row.domain,
            position=row.position,
            table=row.table,
            row=row.row,
            unit=row.unit,
            nature=row.nature,
            baseline=row.baseline,
            target=row.target,
            growth=row.growth,
            series=row.series,
            part_of=row.part_of,
            definition=row.definition,
            not_stated=not_stated(row),
            sources=row.sources,
            plan_period_ended=period_ended(plans.get(row.plan), at.on),
            discrepancies=about[row.slug],
            links={
                "self": f"/v1/indicators/{row.slug}",
                "versions": f"/v1/indicators/{row.slug}/versions",
                "plan": f"/v1/plans/{row.plan}",
            },
        )
        for row in rows
    ]
