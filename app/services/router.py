"""Services over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.errors import NotFound
from app.mementos.gate import ONE, TimeGate
from app.paging import Page, history
from app.problems import responses
from app.queries import ListQuery, ReadQuery
from app.reading import Reader, SlugInPath, VersionInPath
from app.services.models import FOUND_THROUGH, Service, ServiceQuery, ServiceVersion, present, printed_order
from app.sheets.answer import page_or_file
from app.versioning import pinned

router = APIRouter(prefix="/v1/services", tags=["services"])


@router.get(
    "",
    operation_id="listServices",
    summary="List services (服务项目列表)",
    response_model=Page[Service],
    responses=responses(),
)
def list_services(query: Annotated[ServiceQuery, Query()], reading: Reader) -> Page[Service] | Response:
    """The services in force, in the order of their plans' lists. Filters are combined with AND."""
    at = reading.at(query)
    return page_or_file(
        reading,
        at,
        query,
        ServiceVersion,
        present,
        query.where(reading.session, at),
        printed_order(at),
        FOUND_THROUGH,
    )


@router.get(
    "/{slug}",
    operation_id="getService",
    summary="Get one service (服务项目)",
    responses=ONE,
)
def get_service(slug: SlugInPath, query: Annotated[ReadQuery, Query()], reading: TimeGate) -> Service:
    """The version of one service that applies on the day."""
    at, row = reading.current(ServiceVersion, slug, query)
    return present(reading.session, at, [row])[0]


@router.get(
    "/{slug}/versions",
    operation_id="listServiceVersions",
    summary="List the versions of a service (服务项目版本)",
    responses=responses(NotFound),
)
def list_service_versions(
    slug: SlugInPath, query: Annotated[ListQuery, Query()], reading: Reader
) -> Page[Service]:
    """Every version of one service up to the release, newest first, withdrawals included."""
    at = reading.at(query)
    listing = history(reading, ServiceVersion, slug, at, query)
    return listing.page(present(reading.session, at, listing.rows))


@router.get(
    "/{slug}/versions/{version}",
    operation_id="getServiceVersion",
    summary="Get one version of a service (服务项目某一版本)",
    responses=responses(NotFound),
)
def get_service_version(
    slug: SlugInPath, version: VersionInPath, query: Annotated[ReadQuery, Query()], reading: Reader
) -> Service:
    """One immutable version, for ever the same; what it refers to is shown as of its own first day and release."""
    row = pinned(reading.session, ServiceVersion, slug, version)
    at = reading.pinned_at(query, row)
    reading.link_versions("services", slug)
    return present(reading.session, at, [row])[0]
