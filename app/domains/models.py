"""Domains: a plan's own grouping of its services, with the goal it states and the count it claims."""

from collections.abc import Iterable
from typing import ClassVar

from pydantic import ConfigDict, Field
from sqlalchemy import JSON, ColumnElement
from sqlmodel import Field as Column
from sqlmodel import Session, col

from app.discrepancies.models import touching
from app.faults import Said
from app.plans.models import OfPlansQuery, PlanVersion, period_ended
from app.provenance import Source, not_stated
from app.resource import Resource, envelope
from app.search import Match
from app.versioning import At, Content, Name, Row, Slug, Text, in_force_by_slug, recorded


class DomainContent(Content):
    """What people write about a domain."""

    kind: ClassVar[str] = "domains"
    noun: ClassVar[Said] = Said("domain", "服务领域")
    cites: ClassVar[tuple[str, ...]] = ("name", "ordinal", "goal", "claimed_count")
    refers: ClassVar[dict[str, str]] = {"plan": "plans"}
    searched: ClassVar[dict[str, int]] = {"name": 0, "goal": 40}

    name: Name
    plan: Slug = Column(index=True)
    ordinal: int = Column(ge=1)
    goal: Text | None = None
    claimed_count: int | None = Column(None, ge=0)
    sources: list[Source] = Column(default_factory=list, sa_type=JSON)


class DomainVersion(DomainContent, Row, table=True):
    __tablename__ = "domain_version"


class Domain(Resource):
    """A domain of a plan."""

    model_config = ConfigDict(title="服务领域")

    name: str = Field(title="名称", description="Name as printed")
    plan: str = Field(title="规划", description="Slug of its plan")
    plan_name: str | None = Field(title="规划标题", description="Title of its plan; null if not in force")
    ordinal: int = Field(title="序号", description="Its place in the plan, from 1")
    goal: str | None = Field(title="服务内容与目标", description="What the plan says it is for, as printed")
    claimed_count: int | None = Field(
        title="所称项数", description="How many services the plan says the domain lists (共计N项)"
    )
    not_stated: list[str] = Field(title="未载明", description="Fields that are null as the plan does not say")
    sources: list[Source] = Field(title="出处", description="Where each value was taken from")
    plan_period_ended: bool | None = Field(
        title="规划期已满",
        description="Whether the plan's period is over on `on`; null where none is stated",
    )
    discrepancies: list[str] = Field(title="相关矛盾", description="Slugs of discrepancies that are about it")
    links: dict[str, str] = Field(title="链接", description="What belongs to this domain, as URLs")
    matched: list[Match] | None = Field(
        None, exclude_if=lambda value: value is None, title="命中说明", description="Why `q` found it"
    )


class DomainQuery(OfPlansQuery):
    """What the list of domains can be filtered by."""

    def where(self, session: Session, at: At) -> list[ColumnElement[bool]]:
        return self.asked_of(session, at, DomainVersion)


PRINTED_ORDER = (col(DomainVersion.plan), col(DomainVersion.ordinal))


def present(session: Session, at: At, rows: Iterable[DomainVersion]) -> list[Domain]:
    rows = list(rows)
    times = recorded(session, rows)
    about = touching(session, at, "domains", [row.plan for row in rows], [row.slug for row in rows])
    plans = in_force_by_slug(session, PlanVersion, [row.plan for row in rows], at)
    return [
        Domain(
            **envelope(row, at, times[row.release]),
            name=row.name,
            plan=row.plan,
            plan_name=plans[row.plan].name if row.plan in plans else None,
            ordinal=row.ordinal,
            goal=row.goal,
            claimed_count=row.claimed_count,
            not_stated=not_stated(row),
            sources=row.sources,
            plan_period_ended=period_ended(plans.get(row.plan), at.on),
            discrepancies=about[row.slug],
            links={
                "self": f"/v1/domains/{row.slug}",
                "versions": f"/v1/domains/{row.slug}/versions",
                "plan": f"/v1/plans/{row.plan}",
                "services": f"/v1/services?domain={row.slug}",
            },
        )
        for row in rows
    ]
