"""Facts over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.errors import NotFound
from app.facts.models import Fact, FactQuery, FactVersion, present
from app.mementos.gate import ONE, TimeGate
from app.paging import Page, history
from app.problems import responses
from app.queries import ListQuery, ReadQuery
from app.reading import Reader, SlugInPath, VersionInPath
from app.sheets.answer import page_or_file
from app.versioning import pinned

router = APIRouter(prefix="/v1/facts", tags=["facts"])


@router.get(
    "",
    operation_id="listFacts",
    summary="List facts (事实列表)",
    response_model=Page[Fact],
    responses=responses(),
)
def list_facts(query: Annotated[FactQuery, Query()], reading: Reader) -> Page[Fact] | Response:
    """The facts in force. Filters are combined with AND."""
    at = reading.at(query)
    return page_or_file(reading, at, query, FactVersion, present, query.where())


@router.get("/{slug}", operation_id="getFact", summary="Get one fact (事实)", responses=ONE)
def get_fact(slug: SlugInPath, query: Annotated[ReadQuery, Query()], reading: TimeGate) -> Fact:
    """The version of one fact that applies on the day."""
    at, row = reading.current(FactVersion, slug, query)
    return present(reading.session, at, [row])[0]


@router.get(
    "/{slug}/versions",
    operation_id="listFactVersions",
    summary="List the versions of a fact (事实版本)",
    responses=responses(NotFound),
)
def list_fact_versions(slug: SlugInPath, query: Annotated[ListQuery, Query()], reading: Reader) -> Page[Fact]:
    """Every version of one fact up to the release, newest first, withdrawals included."""
    at = reading.at(query)
    listing = history(reading, FactVersion, slug, at, query)
    return listing.page(present(reading.session, at, listing.rows))


@router.get(
    "/{slug}/versions/{version}",
    operation_id="getFactVersion",
    summary="Get one version of a fact (事实某一版本)",
    responses=responses(NotFound),
)
def get_fact_version(
    slug: SlugInPath, version: VersionInPath, query: Annotated[ReadQuery, Query()], reading: Reader
) -> Fact:
    """One immutable version, for ever the same; what it refers to is shown as of its own first day and release."""
    row = pinned(reading.session, FactVersion, slug, version)
    at = reading.pinned_at(query, row)
    reading.link_versions("facts", slug)
    return present(reading.session, at, [row])[0]
