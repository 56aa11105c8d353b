"""How much of a plan the catalogue holds: resources and quotes, kind by kind."""

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.catalogue import KINDS
from app.plans.models import Coverage, PlanVersion
from app.versioning import At, in_force_clause


def coverage(session: Session, at: At, plan: PlanVersion) -> Coverage:
    """Counts of what belongs to the plan and is in force."""
    resources: dict[str, int] = {}
    sources: dict[str, int] = {}
    for kind, (content, row) in KINDS.items():
        if "plan" not in content.model_fields:
            continue
        length = (
            func.json_array_length(row.sources)  # type: ignore[attr-defined]  # what belongs to plans has it
        )
        of_plan = select(func.count(), func.coalesce(func.sum(length), 0)).where(
            in_force_clause(row, at),
            col(row.plan) == plan.slug,  # type: ignore[attr-defined]  # what belongs to plans has it
        )
        resources[kind], sources[kind] = session.execute(of_plan).one()
    return Coverage(
        plan=plan.slug,
        on=at.on,
        release=at.release,
        resources=resources,
        sources=sources,
        text=plan.text_coverage,
    )
