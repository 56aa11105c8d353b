"""Rulebooks from the database: what is in force for a region at `(on, release)`, kept while it is asked for."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from sqlalchemy import select
from sqlmodel import Session, col

from app.eligibility.facts import Fact as EngineFact
from app.eligibility.rulebook import Cited, Entry, Offer, Rulebook, make
from app.eligibility.rules import Rule as EngineRule
from app.facts.models import FactVersion
from app.plans.models import PlanVersion
from app.provenance import Source
from app.regions.models import RegionRef, ancestors, check_region, refs
from app.rules.models import RuleVersion
from app.services.models import ServiceVersion, printed_order
from app.versioning import At, in_force_clause

MOST = 64


@dataclass(frozen=True)
class LocalRulebook(Rulebook):
    """A rulebook, and the region whose people it decides for."""

    region: RegionRef


class Rulebooks:
    """The last few rulebooks. One never changes: it is what was in force at a day and a release."""

    def __init__(self) -> None:
        self.kept: OrderedDict[tuple[At, str], LocalRulebook] = OrderedDict()
        self.lock = Lock()

    def get(self, session: Session, at: At, region: str) -> LocalRulebook:
        """The rulebook of a region; `Invalid` for a code that the national list does not hold."""
        key = at, region
        with self.lock:
            if key in self.kept:
                self.kept.move_to_end(key)
                return self.kept[key]
        book = load(session, at, region)
        with self.lock:
            self.kept[key] = book
            while len(self.kept) > MOST:
                self.kept.popitem(last=False)
        return book


def load(session: Session, at: At, region: str) -> LocalRulebook:
    """Reads and compiles the rulebook of a region and the regions above it."""
    check_region(session, "region", region, at)
    plans = select(col(PlanVersion.slug)).where(
        in_force_clause(PlanVersion, at), col(PlanVersion.region).in_([region, *ancestors(region)])
    )
    services = session.scalars(
        select(ServiceVersion)
        .where(in_force_clause(ServiceVersion, at), col(ServiceVersion.plan).in_(plans))
        .order_by(*printed_order(at), col(ServiceVersion.slug))
    ).all()
    slugs = [service.slug for service in services]
    rules = session.scalars(
        select(RuleVersion)
        .where(in_force_clause(RuleVersion, at), col(RuleVersion.plan).in_(plans))
        .order_by(col(RuleVersion.slug))
    )
    facts = session.scalars(select(FactVersion).where(in_force_clause(FactVersion, at)))
    known = set(slugs)
    book = make(
        (Offer(s.slug, s.name, s.concept, s.domain) for s in services),
        (entry(rule) for rule in rules if rule.service in known),
        (EngineFact.model_validate(fact) for fact in facts),
    )
    return LocalRulebook(**vars(book), region=refs(session, [region], at)[region])


def entry(rule: RuleVersion) -> Entry:
    """A rule as the engine takes it, with its version and sources."""
    sources = [Source.model_validate(source) for source in rule.sources]
    cited = tuple(Cited(one.plan, one.section, one.quote, one.basis, one.reading) for one in sources)
    return Entry(EngineRule.model_validate(rule), rule.version, cited)
