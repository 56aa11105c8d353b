"""Rules: a condition over facts, how firmly the plan commits itself, and the words that say so."""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from pydantic import ConfigDict, Field
from sqlalchemy import JSON, ColumnElement, String, cast, or_, select
from sqlmodel import Field as Column
from sqlmodel import Session, col

from app.discrepancies.models import touching
from app.eligibility.check import check
from app.eligibility.conditions import Condition, FactSlug, clauses, places, read
from app.eligibility.facts import Fact as EngineFact
from app.eligibility.rules import Strength
from app.faults import Fault, Said
from app.plans.models import OfPlansQuery, PlanVersion, period_ended
from app.provenance import Source, normalised
from app.resource import Resource, envelope
from app.search import Match, Through
from app.services.models import ServiceVersion
from app.versioning import At, Content, Lookup, Row, Slug, in_force_by_slug, in_force_clause, recorded


class RuleContent(Content):
    """What people write about a rule."""

    kind: ClassVar[str] = "rules"
    noun: ClassVar[Said] = Said("rule", "资格规则")
    cites: ClassVar[tuple[str, ...]] = ("condition", "strength")
    may_cite: ClassVar[tuple[str, ...]] = ("open_ended",)
    coded: ClassVar[tuple[str, ...]] = ("strength",)
    refers: ClassVar[dict[str, str]] = {"plan": "plans", "service": "services"}

    plan: Slug = Column(index=True)
    service: Slug = Column(index=True)
    strength: Strength = Column(sa_type=String)
    open_ended: bool = False
    condition: dict[str, Any] = Column(sa_type=JSON)
    other_readings: list[dict[str, Any]] = Column(default_factory=list, sa_type=JSON)
    sources: list[Source] = Column(default_factory=list, sa_type=JSON)

    def faults(self, lookup: Lookup) -> Iterator[Fault]:
        yield from self._faults_of(self.condition, "/condition", lookup)
        for number, other in enumerate(self.other_readings):
            place = f"/other_readings/{number}"
            if other.keys() != {"says", "condition"} or not isinstance(other["says"], str):
                yield Fault(
                    Said(
                        "Another reading has what it `says` and its `condition`.",
                        "另一读法应含 says 与 condition。",
                    ),
                    place,
                )
            else:
                yield from self._faults_of(other["condition"], f"{place}/condition", lookup)

    def _faults_of(self, raw: dict[str, Any], place: str, lookup: Lookup) -> Iterator[Fault]:
        condition, findings = read(raw)
        if condition is not None:
            used = {clause.fact for clause in clauses(condition)}
            contents = {slug: lookup("facts", slug, self.valid_from) for slug in used}
            facts = {slug: engine_fact(found) for slug, found in contents.items() if found is not None}
            findings = check(condition, facts)
            yield from self._unquoted(condition, place)
        for finding in findings:
            yield Fault(Said(finding.en, finding.zh), place + finding.pointer)

    def _unquoted(self, condition: Condition, place: str) -> Iterator[Fault]:
        quotes = [normalised(source.quote) + normalised(source.reading or "") for source in self.sources]
        for at, part in places(condition):
            if not hasattr(part, "quote"):
                continue
            if part.quote is None or not any(normalised(part.quote) in quote for quote in quotes):
                yield Fault(
                    Said(
                        "A clause carries the plan's words for it, out of one of the rule's own quotes.",
                        "子句须附规划原文，且在本规则所引原文之内。",
                    ),
                    f"{place}{at}/quote",
                )


class RuleVersion(RuleContent, Row, table=True):
    __tablename__ = "rule_version"


# A rule is found by its service's name.
FOUND_THROUGH = (Through("service", ServiceVersion, 0),)


class Rule(Resource):
    """Who is entitled to a service."""

    model_config = ConfigDict(title="资格规则")

    service: str = Field(title="服务项目", description="Slug of the service it decides on")
    service_name: str | None = Field(title="服务名称", description="The service's name as printed")
    plan: str = Field(title="规划", description="Slug of the plan that says so")
    strength: Strength = Field(
        title="约束力",
        description="entitlement: the text commits; target_group: it names whom it favours; pilot: it tries out",
    )
    open_ended: bool = Field(
        title="未尽列举", description="The list of people ends with 等: who is not in it may still be meant"
    )
    condition: dict[str, Any] = Field(
        title="条件", description="A tree of all, any, not, clauses over facts, and words left undefined"
    )
    other_readings: list[dict[str, Any]] = Field(
        title="其他读法",
        description="Where the sentence is ambiguous, its other readings; where they differ, the "
        "answer is undetermined",
    )
    facts: list[str] = Field(title="所用事实", description="Slugs of the facts that the condition asks for")
    sources: list[Source] = Field(title="出处", description="Where condition and strength were taken from")
    plan_period_ended: bool | None = Field(
        title="规划期已满",
        description="Whether the plan's period is over on `on`; null where none is stated",
    )
    discrepancies: list[str] = Field(title="相关矛盾", description="Slugs of discrepancies that are about it")
    links: dict[str, str] = Field(title="链接", description="What belongs to this rule, as URLs")
    matched: list[Match] | None = Field(
        None, exclude_if=lambda value: value is None, title="命中说明", description="Why `q` found it"
    )


class RuleQuery(OfPlansQuery):
    """What the list of rules can be filtered by."""

    service: Slug | None = Field(None, title="服务项目", description="Rules of the service with this slug")
    concept: Slug | None = Field(
        None, title="服务概念", description="Rules of services of the concept with this slug"
    )
    strength: Strength | None = Field(None, title="约束力", description="Rules of this strength")
    open_ended: bool | None = Field(None, title="未尽列举", description="true: only lists that end with 等")
    fact: FactSlug | None = Field(
        None, title="所用事实", description="Rules that ask for the fact with this slug"
    )

    def where(self, session: Session, at: At) -> list[ColumnElement[bool]]:
        conditions = self.asked_of(session, at, RuleVersion, "service", "strength", "open_ended")
        if self.concept:
            of_concept = select(col(ServiceVersion.slug)).where(
                in_force_clause(ServiceVersion, at), col(ServiceVersion.concept) == self.concept
            )
            conditions.append(col(RuleVersion.service).in_(of_concept))
        if self.fact:
            # JSON columns hold their text as it was written, one clause like the other.
            clause = f'"fact": "{self.fact}"'
            readings = (RuleVersion.condition, RuleVersion.other_readings)
            conditions.append(
                or_(*(cast(col(r), String).contains(clause, autoescape=True) for r in readings))
            )
        return conditions


def engine_fact(content: Content) -> EngineFact:
    """A fact as the engine takes it."""
    return EngineFact.model_validate(content)


def facts_of(rule: RuleContent) -> list[str]:
    """The facts that any reading of a rule asks for."""
    readings = [rule.condition, *(other["condition"] for other in rule.other_readings)]
    return sorted({clause.fact for raw in readings for clause in clauses(read(raw)[0])})


def present(session: Session, at: At, rows: Iterable[RuleVersion]) -> list[Rule]:
    rows = list(rows)
    times = recorded(session, rows)
    about = touching(session, at, "rules", [row.plan for row in rows], [row.slug for row in rows])
    plans = in_force_by_slug(session, PlanVersion, [row.plan for row in rows], at)
    services = in_force_by_slug(session, ServiceVersion, [row.service for row in rows], at)
    return [
        Rule(
            **envelope(row, at, times[row.release]),
            service=row.service,
            service_name=services[row.service].name if row.service in services else None,
            plan=row.plan,
            strength=row.strength,
            open_ended=row.open_ended,
            condition=row.condition,
            other_readings=row.other_readings,
            facts=facts_of(row),
            sources=row.sources,
            plan_period_ended=period_ended(plans.get(row.plan), at.on),
            discrepancies=about[row.slug],
            links={
                "self": f"/v1/rules/{row.slug}",
                "versions": f"/v1/rules/{row.slug}/versions",
                "service": f"/v1/services/{row.service}",
                "plan": f"/v1/plans/{row.plan}",
                "expression": f"/v1/rules/{row.slug}/expression",
            },
        )
        for row in rows
    ]
