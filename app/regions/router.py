"""Regions over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.errors import NotFound
from app.mementos.gate import ONE, TimeGate
from app.paging import Page, history
from app.problems import responses
from app.queries import ListQuery, ReadQuery
from app.reading import Reader, SlugInPath, VersionInPath
from app.regions.models import Region, RegionQuery, RegionVersion, present
from app.sheets.answer import page_or_file
from app.versioning import pinned

router = APIRouter(prefix="/v1/regions", tags=["regions"])


@router.get(
    "",
    operation_id="listRegions",
    summary="List regions (行政区划列表)",
    response_model=Page[Region],
    responses=responses(),
)
def list_regions(query: Annotated[RegionQuery, Query()], reading: Reader) -> Page[Region] | Response:
    """The regions in force. Filters are combined with AND."""
    at = reading.at(query)
    return page_or_file(reading, at, query, RegionVersion, present, query.where(reading.session, at))


@router.get(
    "/{slug}",
    operation_id="getRegion",
    summary="Get one region (行政区划)",
    responses=ONE,
)
def get_region(slug: SlugInPath, query: Annotated[ReadQuery, Query()], reading: TimeGate) -> Region:
    """The version of one region that applies on the day."""
    at, row = reading.current(RegionVersion, slug, query)
    return present(reading.session, at, [row])[0]


@router.get(
    "/{slug}/versions",
    operation_id="listRegionVersions",
    summary="List the versions of a region (行政区划版本)",
    responses=responses(NotFound),
)
def list_region_versions(
    slug: SlugInPath, query: Annotated[ListQuery, Query()], reading: Reader
) -> Page[Region]:
    """Every version of one region up to the release, newest first, withdrawals included."""
    at = reading.at(query)
    listing = history(reading, RegionVersion, slug, at, query)
    return listing.page(present(reading.session, at, listing.rows))


@router.get(
    "/{slug}/versions/{version}",
    operation_id="getRegionVersion",
    summary="Get one version of a region (行政区划某一版本)",
    responses=responses(NotFound),
)
def get_region_version(
    slug: SlugInPath, version: VersionInPath, query: Annotated[ReadQuery, Query()], reading: Reader
) -> Region:
    """One immutable version, for ever the same; what it refers to is shown as of its own first day and release."""
    row = pinned(reading.session, RegionVersion, slug, version)
    at = reading.pinned_at(query, row)
    reading.link_versions("regions", slug)
    return present(reading.session, at, [row])[0]
