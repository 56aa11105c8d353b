"""Concepts over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.concepts.models import Concept, ConceptQuery, ConceptVersion, present
from app.errors import NotFound
from app.mementos.gate import ONE, TimeGate
from app.paging import Page, history
from app.problems import responses
from app.queries import ListQuery, ReadQuery
from app.reading import Reader, SlugInPath, VersionInPath
from app.sheets.answer import page_or_file
from app.versioning import pinned

router = APIRouter(prefix="/v1/concepts", tags=["concepts"])


@router.get(
    "",
    operation_id="listConcepts",
    summary="List concepts (服务概念列表)",
    response_model=Page[Concept],
    responses=responses(),
)
def list_concepts(query: Annotated[ConceptQuery, Query()], reading: Reader) -> Page[Concept] | Response:
    """The concepts in force. Filters are combined with AND."""
    at = reading.at(query)
    return page_or_file(reading, at, query, ConceptVersion, present, query.where())


@router.get(
    "/{slug}",
    operation_id="getConcept",
    summary="Get one concept (服务概念)",
    responses=ONE,
)
def get_concept(slug: SlugInPath, query: Annotated[ReadQuery, Query()], reading: TimeGate) -> Concept:
    """The version of one concept that applies on the day."""
    at, row = reading.current(ConceptVersion, slug, query)
    return present(reading.session, at, [row])[0]


@router.get(
    "/{slug}/versions",
    operation_id="listConceptVersions",
    summary="List the versions of a concept (服务概念版本)",
    responses=responses(NotFound),
)
def list_concept_versions(
    slug: SlugInPath, query: Annotated[ListQuery, Query()], reading: Reader
) -> Page[Concept]:
    """Every version of one concept up to the release, newest first, withdrawals included."""
    at = reading.at(query)
    listing = history(reading, ConceptVersion, slug, at, query)
    return listing.page(present(reading.session, at, listing.rows))


@router.get(
    "/{slug}/versions/{version}",
    operation_id="getConceptVersion",
    summary="Get one version of a concept (服务概念某一版本)",
    responses=responses(NotFound),
)
def get_concept_version(
    slug: SlugInPath, version: VersionInPath, query: Annotated[ReadQuery, Query()], reading: Reader
) -> Concept:
    """One immutable version, for ever the same; what it refers to is shown as of its own first day and release."""
    row = pinned(reading.session, ConceptVersion, slug, version)
    at = reading.pinned_at(query, row)
    reading.link_versions("concepts", slug)
    return present(reading.session, at, [row])[0]
