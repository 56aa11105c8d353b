"""How much of the catalogue has to be read to judge some of its resources."""

from collections import defaultdict

from sqlalchemy import select
from sqlmodel import Session, col

from app.catalogue import KINDS
from app.lint.histories import Version, load
from app.lint.references import references, referring
from app.plans.models import PlanVersion

Slugs = dict[str, set[str]]


def of_plan(session: Session, release: int, plan: str) -> Slugs:
    """A plan and all that belongs to it, in any version."""
    found: Slugs = {"plans": {plan}}
    for kind, (content, row) in KINDS.items():
        if "plan" in content.model_fields:
            belongs = col(row.plan) == plan  # type: ignore[attr-defined]  # what belongs to plans has one
            found[kind] = set(
                session.scalars(select(col(row.slug)).where(belongs, col(row.release) <= release))
            )
    return found


def plans_beside(session: Session, release: int, plans: set[str]) -> set[str]:
    """All plans of the regions that some plans are for."""
    regions = {version.says["region"] for version in load(session, release, {"plans": plans})}
    beside = select(col(PlanVersion.slug)).where(
        col(PlanVersion.release) <= release, col(PlanVersion.region).in_(regions)
    )
    return set(session.scalars(beside))


def with_context(session: Session, release: int, subjects: Slugs, *, errors_only: bool) -> list[Version]:
    """The versions of some resources, and of all that is looked at to judge them.

    For errors that is what they refer to; for the rest also what a service has, what a domain counts, and which plan
    follows another.
    """
    versions = load(session, release, subjects)
    context: Slugs = defaultdict(set)
    for version in versions:
        for _, (kind, slug) in references(version):
            if kind in KINDS:
                context[kind].add(slug)
    if not errors_only:
        holders = {kind: subjects.get(kind, set()) for kind in ("services", "domains")}
        for kind, slugs in referring(session, release, holders).items():
            context[kind] |= slugs
        context["plans"] |= plans_beside(session, release, subjects.get("plans", set()))
    for kind, slugs in subjects.items():
        context[kind] -= slugs
    return versions + load(session, release, context)
