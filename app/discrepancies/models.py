"""Discrepancies: cited statements that cannot both hold, what kind of contradiction it is, and why."""

from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import JSON, ColumnElement, String, bindparam, select
from sqlalchemy.orm import aliased
from sqlmodel import Field as Column
from sqlmodel import Session, col

from app.faults import Said
from app.kept import look_up
from app.plans.models import OfPlansQuery, PlanVersion, period_ended
from app.provenance import Source, not_stated
from app.resource import Resource, envelope
from app.search import Match
from app.versioning import ASKED, At, Content, Row, Slug, Text, in_force_by_slug, in_force_clause, recorded

Contradiction = Literal[
    "table_against_text",
    "total_against_parts",
    "one_year_against_five_years",
    "growth_does_not_follow",
    "same_name_two_values",
    "scope_differs",
    "unit_differs",
    "misfiled",
    "numbering",
    "other",
]


class Touched(BaseModel):
    """A resource that a discrepancy is about."""

    model_config = ConfigDict(extra="forbid", title="涉及资源")

    kind: str = Field(title="类别", description="The kind of the resource")
    slug: str = Field(title="标识", description="The resource")


class DiscrepancyContent(Content):
    """What people write about a discrepancy."""

    kind: ClassVar[str] = "discrepancies"
    noun: ClassVar[Said] = Said("discrepancy", "矛盾")
    cites: ClassVar[tuple[str, ...]] = ("explanation",)
    may_cite: ClassVar[tuple[str, ...]] = (
        "explanation_zh",
        "touches",
        "type",
    )
    coded: ClassVar[tuple[str, ...]] = (
        "explanation",
        "type",
    )
    refers: ClassVar[dict[str, str]] = {"plan": "plans"}
    searched: ClassVar[dict[str, int]] = {"explanation_zh": 0, "explanation": 40}

    plan: Slug = Column(index=True)
    position: int = Column(0, ge=0)
    type: Contradiction = Column(sa_type=String)
    explanation: Text
    explanation_zh: Text | None = None
    touches: list[Touched] = Column(default_factory=list, sa_type=JSON)
    sources: list[Source] = Column(default_factory=list, sa_type=JSON)


class DiscrepancyVersion(DiscrepancyContent, Row, table=True):
    __tablename__ = "discrepancy_version"


class Discrepancy(Resource):
    """Statements of plans that cannot both be true of one thing."""

    model_config = ConfigDict(title="矛盾")

    plan: Slug = Field(title="规划", description="Slug of the plan that contradicts itself")
    plan_name: str | None = Field(title="规划标题", description="Title of that plan")
    position: int = Field(title="位置", description="Its place among the plan's, in the order of the text")
    type: Contradiction = Field(title="矛盾类型", description="What kind of contradiction it is")
    explanation: Text = Field(title="说明", description="Why the statements cannot both hold, in English")
    explanation_zh: Text | None = Field(title="中文说明", description="The same in Chinese")
    touches: list[Touched] = Field(title="涉及资源", description="The resources it is about")
    not_stated: list[str] = Field(title="未载明", description="Fields that are null as the plan does not say")
    sources: list[Source] = Field(title="出处", description="Where each value was taken from")
    plan_period_ended: bool | None = Field(
        title="规划期已满", description="Whether the plan's period is over on `on`; null where none is stated"
    )
    links: dict[str, str] = Field(title="链接", description="What belongs to it, as URLs")
    matched: list[Match] | None = Field(
        None, exclude_if=lambda value: value is None, title="命中说明", description="Why `q` found it"
    )


class DiscrepancyQuery(OfPlansQuery):
    """What the list of discrepancies can be filtered by."""

    type: Contradiction | None = Field(None, title="矛盾类型", description="Discrepancies of this type")

    def where(self, session: Session, at: At) -> list[ColumnElement[bool]]:
        return self.asked_of(session, at, DiscrepancyVersion, "type")


IN_PLAN_ORDER = (col(DiscrepancyVersion.plan), col(DiscrepancyVersion.position))
# Two plans of one region may contradict each other: each plan with all of its region, whose discrepancies may touch it.
_asked, _beside = aliased(PlanVersion), aliased(PlanVersion)
BESIDE = (
    select(col(_asked.slug).label("plan"), col(_beside.slug).label("beside"))
    .join(_beside, col(_beside.region) == col(_asked.region))
    .where(
        col(_asked.slug).in_(bindparam("plans", expanding=True)),
        col(_asked.release) <= ASKED.release,
        col(_beside.release) <= ASKED.release,
    )
    .distinct()
    .subquery("beside")
)
OF_PLANS = (
    select(BESIDE.c.plan, col(DiscrepancyVersion.slug), col(DiscrepancyVersion.touches))
    .join(BESIDE, col(DiscrepancyVersion.plan) == BESIDE.c.beside)
    .where(in_force_clause(DiscrepancyVersion, ASKED))
    .order_by(*IN_PLAN_ORDER)
)


def present(session: Session, at: At, rows: Iterable[DiscrepancyVersion]) -> list[Discrepancy]:
    rows = list(rows)
    times = recorded(session, rows)
    plans = in_force_by_slug(session, PlanVersion, [row.plan for row in rows], at)
    return [
        Discrepancy(
            **envelope(row, at, times[row.release]),
            plan=row.plan,
            plan_name=plans[row.plan].name if row.plan in plans else None,
            position=row.position,
            type=row.type,
            explanation=row.explanation,
            explanation_zh=row.explanation_zh,
            touches=row.touches,
            not_stated=not_stated(row),
            sources=row.sources,
            plan_period_ended=period_ended(plans.get(row.plan), at.on),
            links={
                "self": f"/v1/discrepancies/{row.slug}",
                "versions": f"/v1/discrepancies/{row.slug}/versions",
                "plan": f"/v1/plans/{row.plan}",
            },
        )
        for row in rows
    ]


def touching(
    session: Session, at: At, kind: str, plans: Iterable[str], slugs: Iterable[str]
) -> dict[str, list[str]]:
    """For each resource of a kind: the discrepancies in force that are about it, of its plan and the region's others."""

    def ask(wanted: list[str]) -> dict[str, list[tuple[str, list[dict[str, str]]]]]:
        found: dict[str, list[tuple[str, list[dict[str, str]]]]] = {plan: [] for plan in wanted}
        for plan, discrepancy, touches in session.execute(OF_PLANS, {"plans": wanted, **at._asdict()}):
            found[plan].append((discrepancy, touches))
        return found

    about: dict[str, dict[str, None]] = {slug: {} for slug in slugs}
    of_plans = look_up(session, (OF_PLANS, at), plans, ask)
    for _, discrepancies in sorted(of_plans.items()):
        for discrepancy, touches in discrepancies:
            for touched in touches:
                if touched["kind"] == kind and touched["slug"] in about:
                    about[touched["slug"]][discrepancy] = None
    return {slug: list(found) for slug, found in about.items()}
