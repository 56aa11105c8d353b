"""A question about differences, whoever asks it: what it must say, which two places in time it means, its answer."""

from datetime import date

from sqlmodel import Session

from app.diff.difference import difference
from app.diff.models import Diff, DiffQuery
from app.diff.plans import between_plans
from app.errors import Invalid
from app.versioning import At, check_release, latest_release


def places(session: Session, query: DiffQuery, today: date) -> tuple[At, At]:
    """The two places in time that are compared."""
    _check(query)
    to_on = query.to_on or today
    to = latest_release(session) if query.to is None else check_release(session, query.to, "to")
    of = to if query.from_ is None else check_release(session, query.from_, "from")
    return At(query.from_on or to_on, of), At(to_on, to)


def compared(session: Session, before: At, after: At, query: DiffQuery) -> Diff:
    """The differences that a question is about."""
    if query.from_plan and query.to_plan:
        plans = query.from_plan, query.to_plan
        return between_plans(session, before, after, *plans, query, kept=query.kept)
    return difference(session, before, after, query)


def _check(query: DiffQuery) -> None:
    if bool(query.from_plan) != bool(query.to_plan):
        raise Invalid.parameter(
            "to_plan" if query.from_plan else "from_plan",
            "Give from_plan and to_plan, or neither.",
            "from_plan 与 to_plan 应同时填写或都不填。",
        )
    if query.from_plan is None and query.from_ is None and query.from_on is None:
        raise Invalid.parameter(
            "from",
            "Say what to compare with: a release (from), a day (from_on), or two plans (from_plan and to_plan).",
            "请说明与何时相比：发布号（from）、日期（from_on），或两个规划（from_plan 与 to_plan）。",
        )
    for name in ("plan", "region", "slug"):
        if query.from_plan and getattr(query, name) is not None:
            raise Invalid.parameter(
                name, "Two plans are narrowed by kind only.", "两个规划的对照只能以 kind 缩小范围。"
            )
    if query.kept and query.from_plan is None:
        raise Invalid.parameter("kept", "Only for two plans.", "仅用于两个规划的对照。")
