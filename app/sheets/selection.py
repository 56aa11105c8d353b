"""What an export holds: kinds, narrowed to a plan or a region, on a day and at a release."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement
from sqlmodel import Session, col

from app.catalogue import KINDS
from app.errors import Invalid
from app.plans.models import PlanVersion, in_region, slugs_in_region
from app.sheets.kinds import SHOWN
from app.sheets.tables import Chosen, chosen
from app.versioning import At, in_force


def select_kinds(
    session: Session, at: At, kinds: Sequence[str], plan: str | None, region: str | None
) -> list[Chosen]:
    """What is asked for, kind by kind; of all kinds where none is named."""
    narrowed = plan is not None or region is not None
    if plan is not None:
        in_force(session, PlanVersion, plan, at)
    named = [kind for kind in KINDS if kind in kinds] or [k for k in KINDS if not narrowed or _of_a_plan(k)]
    shared = [kind for kind in named if narrowed and not _of_a_plan(kind)]
    if shared:
        raise Invalid(
            f"{', '.join(shared)}: shared by all plans and regions; export them without plan and region.",
            f"{'、'.join(KINDS[kind].content.noun.zh for kind in shared)}：为各规划、各地区共用，导出时请勿限定规划或地区。",
        )
    asked = {name: value for name, value in (("plan", plan), ("region", region)) if value is not None}
    return [
        chosen(
            session,
            at,
            KINDS[kind].row,
            SHOWN[kind].present,
            _where(session, at, kind, plan, region),
            SHOWN[kind].order(at),
            asked=asked,
        )
        for kind in named
    ]


def _of_a_plan(kind: str) -> bool:
    return kind == "plans" or "plan" in KINDS[kind].content.model_fields


def _where(
    session: Session, at: At, kind: str, plan: str | None, region: str | None
) -> list[ColumnElement[bool]]:
    row = KINDS[kind].row
    if kind == "plans":
        conditions = in_region(session, at, region, None)
        return conditions if plan is None else [*conditions, col(PlanVersion.slug) == plan]
    conditions = [] if plan is None else [getattr(row, "plan") == plan]  # noqa: B009 - kinds of a plan have it
    plans = slugs_in_region(session, at, region, None)
    return conditions if plans is None else [*conditions, getattr(row, "plan").in_(plans)]  # noqa: B009 - `Row` itself has no plan
