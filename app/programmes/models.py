"""Programmes: named projects, with their quantities and what they deliver."""

from collections.abc import Iterable
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import JSON, ColumnElement, String, cast
from sqlmodel import Field as Column
from sqlmodel import Session, col

from app.discrepancies.models import touching
from app.faults import Said
from app.plans.models import OfPlansQuery, PlanVersion, period_ended
from app.provenance import Source, not_stated
from app.resource import Resource, envelope
from app.search import Match
from app.versioning import At, Content, Name, Row, Slug, Text, in_force_by_slug, recorded


class Quantity(BaseModel):
    """One printed quantity of a programme."""

    model_config = ConfigDict(extra="forbid", title="数量")

    value: float | None = Field(None, title="数值", description="The number")
    unit: str | None = Field(None, title="单位", description="Unit as printed")
    text: str = Field(title="原文", description="Exactly as printed")
    what: str | None = Field(None, title="内容", description="What is counted, in the plan's words")


class ProgrammeContent(Content):
    """What people write about a programme."""

    kind: ClassVar[str] = "programmes"
    noun: ClassVar[Said] = Said("programme", "专栏项目")
    cites: ClassVar[tuple[str, ...]] = (
        "name",
        "gist",
    )
    may_cite: ClassVar[tuple[str, ...]] = (
        "box",
        "quantities",
        "place",
        "services",
        "indicators",
    )
    coded: ClassVar[tuple[str, ...]] = ()
    refers: ClassVar[dict[str, str]] = {"plan": "plans"}
    searched: ClassVar[dict[str, int]] = {"name": 0, "gist": 50}

    name: Name
    plan: Slug = Column(index=True)
    position: int = Column(0, ge=0)
    box: Name | None = None
    gist: Text | None = None
    quantities: list[Quantity] = Column(default_factory=list, sa_type=JSON)
    place: Name | None = None
    services: list[Slug] = Column(default_factory=list, sa_type=JSON)
    indicators: list[Slug] = Column(default_factory=list, sa_type=JSON)
    sources: list[Source] = Column(default_factory=list, sa_type=JSON)


class ProgrammeVersion(ProgrammeContent, Row, table=True):
    __tablename__ = "programme_version"


class Programme(Resource):
    """A named project of a plan, in a box or in its text."""

    model_config = ConfigDict(title="专栏项目")

    name: Name = Field(title="名称", description="Name as printed")
    plan: Slug = Field(title="规划", description="Slug of the plan that names it")
    plan_name: str | None = Field(title="规划标题", description="Title of that plan")
    position: int = Field(title="位置", description="Its place among the plan's, in the order of the text")
    box: Name | None = Field(title="专栏", description="The box it stands in; null for running text")
    gist: Text | None = Field(title="内容", description="What it is, in the plan's words")
    quantities: list[Quantity] = Field(title="数量", description="Printed quantities")
    place: Name | None = Field(title="地点", description="Where, as printed")
    services: list[Slug] = Field(title="服务项目", description="Slugs of services it delivers")
    indicators: list[Slug] = Field(title="发展指标", description="Slugs of indicators it serves")
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


class ProgrammeQuery(OfPlansQuery):
    """What the list of programmes can be filtered by."""

    service: Slug | None = Field(
        None, title="服务项目", description="Those linked to the service with this slug"
    )
    indicator: Slug | None = Field(
        None, title="发展指标", description="Those linked to the indicator with this slug"
    )
    box: Name | None = Field(None, title="专栏", description="Programmes of the box with this heading")

    def where(self, session: Session, at: At) -> list[ColumnElement[bool]]:
        return [
            *self.asked_of(session, at, ProgrammeVersion, "box"),
            *(
                # JSON columns hold their text as it was written; no slug has a quotation mark in it.
                cast(col(getattr(ProgrammeVersion, f"{field}s")), String).contains(
                    f'"{slug}"', autoescape=True
                )
                for field in ("service", "indicator")
                if (slug := getattr(self, field)) is not None
            ),
        ]


IN_PLAN_ORDER = (col(ProgrammeVersion.plan), col(ProgrammeVersion.position))


def present(session: Session, at: At, rows: Iterable[ProgrammeVersion]) -> list[Programme]:
    rows = list(rows)
    times = recorded(session, rows)
    about = touching(session, at, "programmes", [row.plan for row in rows], [row.slug for row in rows])
    plans = in_force_by_slug(session, PlanVersion, [row.plan for row in rows], at)
    return [
        Programme(
            **envelope(row, at, times[row.release]),
            name=row.name,
            plan=row.plan,
            plan_name=plans[row.plan].name if row.plan in plans else None,
            position=row.position,
            box=row.box,
            gist=row.gist,
            quantities=row.quantities,
            place=row.place,
            services=row.services,
            indicators=row.indicators,
            not_stated=not_stated(row),
            sources=row.sources,
            plan_period_ended=period_ended(plans.get(row.plan), at.on),
            discrepancies=about[row.slug],
            links={
                "self": f"/v1/programmes/{row.slug}",
                "versions": f"/v1/programmes/{row.slug}/versions",
                "plan": f"/v1/plans/{row.plan}",
            },
        )
        for row in rows
    ]
