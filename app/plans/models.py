"""Plans: title, number, issuer, dates and place of the documents that everything else quotes."""

from collections.abc import Iterable
from datetime import date
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import JSON, ColumnElement, Select, String, select
from sqlmodel import Field as Column
from sqlmodel import Session, col

from app.faults import Said
from app.provenance import Source, not_stated
from app.queries import Day, SearchQuery
from app.regions.models import Code, Level, RegionRef, ancestors, check_region, refs
from app.resource import Resource, envelope
from app.search import Match
from app.versioning import At, Content, Name, Row, Slug, in_force_clause, recorded


class TextCoverage(BaseModel):
    """How much of a plan's text some quote touches; the seed check counts it anew."""

    model_config = ConfigDict(extra="forbid", title="原文覆盖")

    figure_sentences: int = Field(
        ge=0, title="含数字的句子", description="Sentences with a number in the text"
    )
    figure_sentences_quoted: int = Field(ge=0, title="其中已引用", description="Those that a quote touches")
    claim_sentences: int = Field(
        ge=0, title="含权益用语的句子", description="Sentences with a word of entitlement"
    )
    claim_sentences_quoted: int = Field(ge=0, title="其中已引用", description="Those that a quote touches")


class PlanContent(Content):
    """What people write about a plan."""

    kind: ClassVar[str] = "plans"
    noun: ClassVar[Said] = Said("plan", "规划")
    cites: ClassVar[tuple[str, ...]] = (
        "name", "number", "issuer", "issued_on", "level", "region", "period_start", "period_end", "parents",
    )  # fmt: skip
    coded: ClassVar[tuple[str, ...]] = ("level",)
    refers: ClassVar[dict[str, str]] = {"region": "regions"}
    searched: ClassVar[dict[str, int]] = {"name": 0, "number": 20, "issuer": 40}

    name: Name
    number: Name | None = None
    issuer: Name | None = None
    issued_on: Day | None = None
    level: Level | None = Column(None, sa_type=String)
    region: Code = Column(index=True)
    period_start: Day | None = None
    period_end: Day | None = None
    parents: list[Name] = Column(default_factory=list, sa_type=JSON)
    text_file: Name | None = None
    text_coverage: TextCoverage | None = Column(None, sa_type=JSON)
    sources: list[Source] = Column(default_factory=list, sa_type=JSON)


class PlanVersion(PlanContent, Row, table=True):
    __tablename__ = "plan_version"


class Plan(Resource):
    """A plan of a local government."""

    model_config = ConfigDict(title="规划")

    name: str = Field(title="标题", description="Title as printed")
    number: str | None = Field(title="文号", description="Document number as printed")
    issuer: str | None = Field(title="发文机关", description="Who issued it, as printed")
    issued_on: date | None = Field(title="发文日期", description="The day under the signature")
    level: str | None = Field(title="级别", description="province, prefecture or county")
    region: RegionRef | None = Field(title="行政区划", description="The region the plan is made for")
    period_start: date | None = Field(title="规划期起", description="First day of the plan's period")
    period_end: date | None = Field(title="规划期止", description="Last day of the plan's period")
    parents: list[str] = Field(title="上位规划", description="Documents that the plan names as its basis")
    text_file: str | None = Field(title="文本文件", description="File of the text that was quoted from")
    not_stated: list[str] = Field(title="未载明", description="Fields that are null as the plan does not say")
    sources: list[Source] = Field(title="出处", description="Where each value was taken from")
    plan_period_ended: bool | None = Field(
        title="规划期已满", description="Whether the period is over on `on`; null where no period is stated"
    )
    links: dict[str, str] = Field(title="链接", description="What belongs to this plan, as URLs")
    matched: list[Match] | None = Field(
        None, exclude_if=lambda value: value is None, title="命中说明", description="Why `q` found it"
    )


class Coverage(BaseModel):
    """What the catalogue holds of a plan, and how much of its text is quoted."""

    model_config = ConfigDict(title="规划收录情况")

    plan: str = Field(title="规划", description="Slug of the plan")
    on: date = Field(title="查询日期", description="The day this answer is for")
    release: int = Field(title="查询发布号", description="The release the catalogue was read at")
    resources: dict[str, int] = Field(title="资源数", description="Resources of each kind in force")
    sources: dict[str, int] = Field(title="出处数", description="Quotes of each kind's resources")
    text: TextCoverage | None = Field(
        title="原文覆盖情况",
        description="Sentences of the text that are quoted; null where it was not counted",
    )


class PlanQuery(SearchQuery):
    """What the list of plans can be filtered by."""

    region: Code | None = Field(None, title="行政区划", description="Plans of exactly this region")
    resident_of: Code | None = Field(
        None, title="居住地", description="Plans of this region and of all regions above it"
    )
    level: Level | None = Field(None, title="级别", description="province, prefecture or county")

    def where(self, session: Session, at: At) -> list[ColumnElement[bool]]:
        conditions = in_region(session, at, self.region, self.resident_of)
        if self.level:
            conditions.append(col(PlanVersion.level) == self.level)
        return conditions


class OfPlansQuery(SearchQuery):
    """What a list of what belongs to plans can be filtered by, whatever its kind."""

    plan: Slug | None = Field(None, title="规划", description="Those of the plan with this slug")
    region: Code | None = Field(None, title="行政区划", description="Those of plans of exactly this region")
    resident_of: Code | None = Field(
        None,
        title="居住地",
        description="Those for who lives here: of plans of this region and of all regions above it",
    )

    def asked_of(self, session: Session, at: At, row: type[Row], *fields: str) -> list[ColumnElement[bool]]:
        """Conditions on the plans that rows belong to, and on those of their fields that were asked for by value."""
        conditions = [
            col(getattr(row, field)) == value
            for field in ("plan", *fields)
            if (value := getattr(self, field)) is not None
        ]
        plans = slugs_in_region(session, at, self.region, self.resident_of)
        if plans is not None:
            # `Row` has no plan, but whatever belongs to plans has.
            conditions.append(col(getattr(row, "plan")).in_(plans))  # noqa: B009 - `Row` itself has no plan
        return conditions


def in_region(
    session: Session, at: At, region: str | None, resident_of: str | None
) -> list[ColumnElement[bool]]:
    """Conditions on a plan's region: exactly one, or one and its ancestors."""
    conditions = []
    if region:
        check_region(session, "region", region, at)
        conditions.append(col(PlanVersion.region) == region)
    if resident_of:
        check_region(session, "resident_of", resident_of, at)
        conditions.append(col(PlanVersion.region).in_([resident_of, *ancestors(resident_of)]))
    return conditions


def slugs_in_region(
    session: Session, at: At, region: str | None, resident_of: str | None
) -> Select[str] | None:
    """The plans of a region, as a subquery for what belongs to a plan; None where no region was asked for."""
    conditions = in_region(session, at, region, resident_of)
    if not conditions:
        return None
    return select(col(PlanVersion.slug)).where(in_force_clause(PlanVersion, at), *conditions)


def period_ended(plan: PlanContent | None, on: date) -> bool | None:
    return None if plan is None or plan.period_end is None else on > plan.period_end


def present(session: Session, at: At, rows: Iterable[PlanVersion]) -> list[Plan]:
    rows = list(rows)
    times = recorded(session, rows)
    regions = refs(session, [row.region for row in rows], at)
    return [
        Plan(
            **envelope(row, at, times[row.release]),
            name=row.name,
            number=row.number,
            issuer=row.issuer,
            issued_on=row.issued_on,
            level=row.level,
            region=regions.get(row.region),
            period_start=row.period_start,
            period_end=row.period_end,
            parents=row.parents,
            text_file=row.text_file,
            not_stated=not_stated(row),
            sources=row.sources,
            plan_period_ended=period_ended(row, at.on),
            links={
                "self": f"/v1/plans/{row.slug}",
                "versions": f"/v1/plans/{row.slug}/versions",
                "region": f"/v1/regions/{row.region}",
                "coverage": f"/v1/plans/{row.slug}/coverage",
                "domains": f"/v1/domains?plan={row.slug}",
                "services": f"/v1/services?plan={row.slug}",
            },
        )
        for row in rows
    ]
