"""Services: what a plan offers, to whom and how, as far as the plan says so."""

from collections.abc import Iterable
from functools import lru_cache
from typing import ClassVar

from pydantic import ConfigDict, Field
from sqlalchemy import JSON, ColumnElement, func, select
from sqlmodel import Field as Column
from sqlmodel import Session, col

from app.concepts.models import Category, ConceptVersion
from app.discrepancies.models import touching
from app.domains.models import DomainVersion
from app.faults import Said
from app.paging import Order
from app.plans.models import OfPlansQuery, PlanVersion, period_ended
from app.provenance import Source, not_stated
from app.regions.models import RegionRef, refs
from app.resource import Resource, envelope
from app.search import Match, Through
from app.versioning import At, Content, Name, Row, Slug, Text, in_force_by_slug, in_force_clause, recorded

# After all that the official list numbers.
UNNUMBERED = 1_000_000


class ServiceContent(Content):
    """What people write about a service."""

    kind: ClassVar[str] = "services"
    noun: ClassVar[Said] = Said("service", "服务项目")
    cites: ClassVar[tuple[str, ...]] = (
        "name", "domain", "ordinal", "listed", "audience", "content", "lead_body", "funding",
    )  # fmt: skip
    refers: ClassVar[dict[str, str]] = {"plan": "plans", "domain": "domains", "concept": "concepts"}
    searched: ClassVar[dict[str, int]] = {"name": 0, "content": 50, "audience": 55}

    name: Name
    plan: Slug = Column(index=True)
    domain: Slug = Column(index=True)
    concept: Slug = Column(index=True)
    ordinal: int | None = Column(None, ge=1)
    listed: bool
    audience: Text | None = None
    content: Text | None = None
    lead_body: Text | None = None
    funding: Text | None = None
    sources: list[Source] = Column(default_factory=list, sa_type=JSON)


class ServiceVersion(ServiceContent, Row, table=True):
    __tablename__ = "service_version"


# A service is found by its concept's names and aliases and by its domain's name, too.
FOUND_THROUGH = (Through("concept", ConceptVersion, 1), Through("domain", DomainVersion, 40))


class Service(Resource):
    """One plan's offer of one concept in one domain to the people of one region."""

    model_config = ConfigDict(title="服务项目")

    name: str = Field(title="名称", description="Name exactly as printed")
    aliases: list[str] = Field(title="别名", description="Other names of its concept that people use")
    concept: str = Field(title="服务概念", description="Slug of its concept: the same benefit elsewhere")
    concept_name: str | None = Field(title="概念名称", description="The concept's usual official name")
    category: Category | None = Field(
        title="国家分类", description="The concept's category in the national scheme; null for none of them"
    )
    plan: str = Field(title="规划", description="Slug of the plan that offers it")
    plan_name: str | None = Field(title="规划标题", description="Title of that plan")
    domain: str = Field(title="服务领域", description="Slug of its domain in that plan")
    domain_name: str | None = Field(title="领域名称", description="The domain's name as printed")
    region: RegionRef | None = Field(title="行政区划", description="The region whose people it is for")
    ordinal: int | None = Field(title="序号", description="Its place in its domain's list, from 1")
    listed: bool = Field(
        title="列入清单", description="In the plan's official list, or only named in its text"
    )
    audience: str | None = Field(title="服务对象", description="Who it is for, in the plan's words")
    content: str | None = Field(title="服务内容", description="What is given or done, in the plan's words")
    lead_body: str | None = Field(title="牵头单位", description="Who is responsible, in the plan's words")
    funding: str | None = Field(title="支出责任", description="Who pays, in the plan's words")
    not_stated: list[str] = Field(title="未载明", description="Fields that are null as the plan does not say")
    sources: list[Source] = Field(title="出处", description="Where each value was taken from")
    plan_period_ended: bool | None = Field(
        title="规划期已满",
        description="Whether the plan's period is over on `on`; the service stays in force until a successor or "
        "a withdrawal",
    )
    discrepancies: list[str] = Field(title="相关矛盾", description="Slugs of discrepancies that are about it")
    links: dict[str, str] = Field(title="链接", description="What belongs to this service, as URLs")
    matched: list[Match] | None = Field(
        None, exclude_if=lambda value: value is None, title="命中说明", description="Why `q` found it"
    )


class ServiceQuery(OfPlansQuery):
    """What the list of services can be filtered by."""

    domain: Slug | None = Field(None, title="服务领域", description="Services of the domain with this slug")
    concept: Slug | None = Field(None, title="服务概念", description="Services of the concept with this slug")
    category: Category | None = Field(
        None, title="国家分类", description="Services of concepts of this category of the national scheme"
    )
    listed: bool | None = Field(
        None, title="列入清单", description="true: in a plan's official list; false: only named in its text"
    )

    def where(self, session: Session, at: At) -> list[ColumnElement[bool]]:
        conditions = self.asked_of(session, at, ServiceVersion, "domain", "concept", "listed")
        if self.category:
            of_category = select(col(ConceptVersion.slug)).where(
                in_force_clause(ConceptVersion, at), col(ConceptVersion.category) == self.category
            )
            conditions.append(col(ServiceVersion.concept).in_(of_category))
        return conditions


@lru_cache(maxsize=64)
def printed_order(at: At) -> Order:
    """Plan by plan, and within one as its list is printed."""
    place_of_domain = (
        select(col(DomainVersion.ordinal))
        .where(col(DomainVersion.slug) == col(ServiceVersion.domain), in_force_clause(DomainVersion, at))
        .scalar_subquery()
    )
    return (
        col(ServiceVersion.plan),
        func.coalesce(place_of_domain, UNNUMBERED),
        func.coalesce(col(ServiceVersion.ordinal), UNNUMBERED),
    )


def present(session: Session, at: At, rows: Iterable[ServiceVersion]) -> list[Service]:
    """The services as they go over the wire, what they refer to resolved as of `at`."""
    rows = list(rows)
    times = recorded(session, rows)
    about = touching(session, at, "services", [row.plan for row in rows], [row.slug for row in rows])
    plans = in_force_by_slug(session, PlanVersion, [row.plan for row in rows], at)
    domains = in_force_by_slug(session, DomainVersion, [row.domain for row in rows], at)
    concepts = in_force_by_slug(session, ConceptVersion, [row.concept for row in rows], at)
    regions = refs(session, [plan.region for plan in plans.values()], at)
    services = []
    for row in rows:
        plan, domain, concept = plans.get(row.plan), domains.get(row.domain), concepts.get(row.concept)
        services.append(
            Service(
                **envelope(row, at, times[row.release]),
                name=row.name,
                aliases=concept.aliases if concept else [],
                concept=row.concept,
                concept_name=concept.name if concept else None,
                category=concept.category if concept else None,
                plan=row.plan,
                plan_name=plan.name if plan else None,
                domain=row.domain,
                domain_name=domain.name if domain else None,
                region=regions.get(plan.region) if plan else None,
                ordinal=row.ordinal,
                listed=row.listed,
                audience=row.audience,
                content=row.content,
                lead_body=row.lead_body,
                funding=row.funding,
                not_stated=not_stated(row),
                sources=row.sources,
                plan_period_ended=period_ended(plan, at.on),
                discrepancies=about[row.slug],
                links=_links(row),
            )
        )
    return services


def _links(row: ServiceVersion) -> dict[str, str]:
    return {
        "self": f"/v1/services/{row.slug}",
        "versions": f"/v1/services/{row.slug}/versions",
        "plan": f"/v1/plans/{row.plan}",
        "domain": f"/v1/domains/{row.domain}",
        "concept": f"/v1/concepts/{row.concept}",
        "rules": f"/v1/rules?service={row.slug}",
        "standards": f"/v1/standards?service={row.slug}",
        "programmes": f"/v1/programmes?service={row.slug}",
        "same_concept": f"/v1/services?concept={row.concept}",
    }
