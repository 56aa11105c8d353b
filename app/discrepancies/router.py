"""Discrepancies over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.discrepancies.models import IN_PLAN_ORDER, Discrepancy, DiscrepancyQuery, DiscrepancyVersion, present
from app.errors import NotFound
from app.mementos.gate import ONE, TimeGate
from app.paging import Page, history
from app.problems import responses
from app.queries import ListQuery, ReadQuery
from app.reading import Reader, SlugInPath, VersionInPath
from app.sheets.answer import page_or_file
from app.versioning import pinned

router = APIRouter(prefix="/v1/discrepancies", tags=["discrepancies"])


@router.get(
    "",
    operation_id="listDiscrepancies",
    summary="List discrepancies (矛盾列表)",
    response_model=Page[Discrepancy],
    responses=responses(),
)
def list_discrepancies(
    query: Annotated[DiscrepancyQuery, Query()], reading: Reader
) -> Page[Discrepancy] | Response:
    """The discrepancies in force, plan by plan in the order of the text. Filters are combined with AND."""
    at = reading.at(query)
    return page_or_file(
        reading, at, query, DiscrepancyVersion, present, query.where(reading.session, at), IN_PLAN_ORDER
    )


@router.get(
    "/{slug}",
    operation_id="getDiscrepancy",
    summary="Get one discrepancy (矛盾)",
    responses=ONE,
)
def get_discrepancy(slug: SlugInPath, query: Annotated[ReadQuery, Query()], reading: TimeGate) -> Discrepancy:
    """The version of one discrepancy that applies on the day."""
    at, row = reading.current(DiscrepancyVersion, slug, query)
    return present(reading.session, at, [row])[0]


@router.get(
    "/{slug}/versions",
    operation_id="listDiscrepancyVersions",
    summary="List the versions of a discrepancy (矛盾版本)",
    responses=responses(NotFound),
)
def list_discrepancy_versions(
    slug: SlugInPath, query: Annotated[ListQuery, Query()], reading: Reader
) -> Page[Discrepancy]:
    """Every version of one discrepancy up to the release, newest first, withdrawals included."""
    at = reading.at(query)
    listing = history(reading, DiscrepancyVersion, slug, at, query)
    return listing.page(present(reading.session, at, listing.rows))


@router.get(
    "/{slug}/versions/{version}",
    operation_id="getDiscrepancyVersion",
    summary="Get one version of a discrepancy (矛盾某一版本)",
    responses=responses(NotFound),
)
def get_discrepancy_version(
    slug: SlugInPath, version: VersionInPath, query: Annotated[ReadQuery, Query()], reading: Reader
) -> Discrepancy:
    """One immutable version, for ever the same; what it refers to is shown as of its own first day and release."""
    row = pinned(reading.session, DiscrepancyVersion, slug, version)
    at = reading.pinned_at(query, row)
    reading.link_versions("discrepancies", slug)
    return present(reading.session, at, [row])[0]
