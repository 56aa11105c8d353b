"""Standards over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.errors import NotFound
from app.mementos.gate import ONE, TimeGate
from app.paging import Page, history
from app.problems import responses
from app.queries import ListQuery, ReadQuery
from app.reading import Reader, SlugInPath, VersionInPath
from app.sheets.answer import page_or_file
from app.standards.models import (
    FOUND_THROUGH,
    IN_PLAN_ORDER,
    Standard,
    StandardQuery,
    StandardVersion,
    present,
)
from app.versioning import pinned

router = APIRouter(prefix="/v1/standards", tags=["standards"])


@router.get(
    "",
    operation_id="listStandards",
    summary="List standards (服务标准列表)",
    response_model=Page[Standard],
    responses=responses(),
)
def list_standards(query: Annotated[StandardQuery, Query()], reading: Reader) -> Page[Standard] | Response:
    """The standards in force, plan by plan in the order of the text. Filters are combined with AND."""
    at = reading.at(query)
    return page_or_file(
        reading,
        at,
        query,
        StandardVersion,
        present,
        query.where(reading.session, at),
        IN_PLAN_ORDER,
        FOUND_THROUGH,
    )


@router.get(
    "/{slug}",
    operation_id="getStandard",
    summary="Get one standard (服务标准)",
    responses=ONE,
)
def get_standard(slug: SlugInPath, query: Annotated[ReadQuery, Query()], reading: TimeGate) -> Standard:
    """The version of one standard that applies on the day."""
    at, row = reading.current(StandardVersion, slug, query)
    return present(reading.session, at, [row])[0]


@router.get(
    "/{slug}/versions",
    operation_id="listStandardVersions",
    summary="List the versions of a standard (服务标准版本)",
    responses=responses(NotFound),
)
def list_standard_versions(
    slug: SlugInPath, query: Annotated[ListQuery, Query()], reading: Reader
) -> Page[Standard]:
    """Every version of one standard up to the release, newest first, withdrawals included."""
    at = reading.at(query)
    listing = history(reading, StandardVersion, slug, at, query)
    return listing.page(present(reading.session, at, listing.rows))


@router.get(
    "/{slug}/versions/{version}",
    operation_id="getStandardVersion",
    summary="Get one version of a standard (服务标准某一版本)",
    responses=responses(NotFound),
)
def get_standard_version(
    slug: SlugInPath, version: VersionInPath, query: Annotated[ReadQuery, Query()], reading: Reader
) -> Standard:
    """One immutable version, for ever the same; what it refers to is shown as of its own first day and release."""
    row = pinned(reading.session, StandardVersion, slug, version)
    at = reading.pinned_at(query, row)
    reading.link_versions("standards", slug)
    return present(reading.session, at, [row])[0]
