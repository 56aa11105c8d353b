"""Plans over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.errors import Gone, NotFound
from app.mementos.gate import ONE, TimeGate
from app.paging import Page, history
from app.plans.coverage import coverage
from app.plans.models import Coverage, Plan, PlanQuery, PlanVersion, present
from app.problems import responses
from app.queries import ListQuery, ReadQuery
from app.reading import Reader, SlugInPath, VersionInPath
from app.sheets.answer import page_or_file
from app.versioning import in_force, pinned

router = APIRouter(prefix="/v1/plans", tags=["plans"])


@router.get(
    "",
    operation_id="listPlans",
    summary="List plans (规划列表)",
    response_model=Page[Plan],
    responses=responses(),
)
def list_plans(query: Annotated[PlanQuery, Query()], reading: Reader) -> Page[Plan] | Response:
    """The plans in force. Filters are combined with AND."""
    at = reading.at(query)
    return page_or_file(reading, at, query, PlanVersion, present, query.where(reading.session, at))


@router.get("/{slug}", operation_id="getPlan", summary="Get one plan (规划)", responses=ONE)
def get_plan(slug: SlugInPath, query: Annotated[ReadQuery, Query()], reading: TimeGate) -> Plan:
    """The version of one plan that applies on the day."""
    at, row = reading.current(PlanVersion, slug, query)
    return present(reading.session, at, [row])[0]


@router.get(
    "/{slug}/versions",
    operation_id="listPlanVersions",
    summary="List the versions of a plan (规划版本)",
    responses=responses(NotFound),
)
def list_plan_versions(slug: SlugInPath, query: Annotated[ListQuery, Query()], reading: Reader) -> Page[Plan]:
    """Every version of one plan up to the release, newest first, withdrawals included."""
    at = reading.at(query)
    listing = history(reading, PlanVersion, slug, at, query)
    return listing.page(present(reading.session, at, listing.rows))


@router.get(
    "/{slug}/versions/{version}",
    operation_id="getPlanVersion",
    summary="Get one version of a plan (规划某一版本)",
    responses=responses(NotFound),
)
def get_plan_version(
    slug: SlugInPath, version: VersionInPath, query: Annotated[ReadQuery, Query()], reading: Reader
) -> Plan:
    """One immutable version, for ever the same; what it refers to is shown as of its own first day and release."""
    row = pinned(reading.session, PlanVersion, slug, version)
    at = reading.pinned_at(query, row)
    reading.link_versions("plans", slug)
    return present(reading.session, at, [row])[0]


@router.get(
    "/{slug}/coverage",
    operation_id="getPlanCoverage",
    summary="Say how much of a plan the catalogue holds (规划收录情况)",
    responses=responses(NotFound, Gone),
)
def get_plan_coverage(slug: SlugInPath, query: Annotated[ReadQuery, Query()], reading: Reader) -> Coverage:
    """Resources and quotes of each kind, and how many sentences of the plan's text are quoted."""
    at = reading.at(query)
    return coverage(reading.session, at, in_force(reading.session, PlanVersion, slug, at))
