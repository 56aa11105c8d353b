"""Domains over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.domains.models import PRINTED_ORDER, Domain, DomainQuery, DomainVersion, present
from app.errors import NotFound
from app.mementos.gate import ONE, TimeGate
from app.paging import Page, history
from app.problems import responses
from app.queries import ListQuery, ReadQuery
from app.reading import Reader, SlugInPath, VersionInPath
from app.sheets.answer import page_or_file
from app.versioning import pinned

router = APIRouter(prefix="/v1/domains", tags=["domains"])


@router.get(
    "",
    operation_id="listDomains",
    summary="List domains (服务领域列表)",
    response_model=Page[Domain],
    responses=responses(),
)
def list_domains(query: Annotated[DomainQuery, Query()], reading: Reader) -> Page[Domain] | Response:
    """The domains in force, in the order of their plans. Filters are combined with AND."""
    at = reading.at(query)
    return page_or_file(
        reading, at, query, DomainVersion, present, query.where(reading.session, at), order=PRINTED_ORDER
    )


@router.get(
    "/{slug}",
    operation_id="getDomain",
    summary="Get one domain (服务领域)",
    responses=ONE,
)
def get_domain(slug: SlugInPath, query: Annotated[ReadQuery, Query()], reading: TimeGate) -> Domain:
    """The version of one domain that applies on the day."""
    at, row = reading.current(DomainVersion, slug, query)
    return present(reading.session, at, [row])[0]


@router.get(
    "/{slug}/versions",
    operation_id="listDomainVersions",
    summary="List the versions of a domain (服务领域版本)",
    responses=responses(NotFound),
)
def list_domain_versions(
    slug: SlugInPath, query: Annotated[ListQuery, Query()], reading: Reader
) -> Page[Domain]:
    """Every version of one domain up to the release, newest first, withdrawals included."""
    at = reading.at(query)
    listing = history(reading, DomainVersion, slug, at, query)
    return listing.page(present(reading.session, at, listing.rows))


@router.get(
    "/{slug}/versions/{version}",
    operation_id="getDomainVersion",
    summary="Get one version of a domain (服务领域某一版本)",
    responses=responses(NotFound),
)
def get_domain_version(
    slug: SlugInPath, version: VersionInPath, query: Annotated[ReadQuery, Query()], reading: Reader
) -> Domain:
    """One immutable version, for ever the same; what it refers to is shown as of its own first day and release."""
    row = pinned(reading.session, DomainVersion, slug, version)
    at = reading.pinned_at(query, row)
    reading.link_versions("domains", slug)
    return present(reading.session, at, [row])[0]
