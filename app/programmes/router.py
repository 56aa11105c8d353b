"""Programmes over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.errors import NotFound
from app.mementos.gate import ONE, TimeGate
from app.paging import Page, history
from app.problems import responses
from app.programmes.models import IN_PLAN_ORDER, Programme, ProgrammeQuery, ProgrammeVersion, present
from app.queries import ListQuery, ReadQuery
from app.reading import Reader, SlugInPath, VersionInPath
from app.sheets.answer import page_or_file
from app.versioning import pinned

router = APIRouter(prefix="/v1/programmes", tags=["programmes"])


@router.get(
    "",
    operation_id="listProgrammes",
    summary="List programmes (专栏项目列表)",
    response_model=Page[Programme],
    responses=responses(),
)
def list_programmes(query: Annotated[ProgrammeQuery, Query()], reading: Reader) -> Page[Programme] | Response:
    """The programmes in force, plan by plan in the order of the text. Filters are combined with AND."""
    at = reading.at(query)
    return page_or_file(
        reading, at, query, ProgrammeVersion, present, query.where(reading.session, at), IN_PLAN_ORDER
    )


@router.get(
    "/{slug}",
    operation_id="getProgramme",
    summary="Get one programme (专栏项目)",
    responses=ONE,
)
def get_programme(slug: SlugInPath, query: Annotated[ReadQuery, Query()], reading: TimeGate) -> Programme:
    """The version of one programme that applies on the day."""
    at, row = reading.current(ProgrammeVersion, slug, query)
    return present(reading.session, at, [row])[0]


@router.get(
    "/{slug}/versions",
    operation_id="listProgrammeVersions",
    summary="List the versions of a programme (专栏项目版本)",
    responses=responses(NotFound),
)
def list_programme_versions(
    slug: SlugInPath, query: Annotated[ListQuery, Query()], reading: Reader
) -> Page[Programme]:
    """Every version of one programme up to the release, newest first, withdrawals included."""
    at = reading.at(query)
    listing = history(reading, ProgrammeVersion, slug, at, query)
    return listing.page(present(reading.session, at, listing.rows))


@router.get(
    "/{slug}/versions/{version}",
    operation_id="getProgrammeVersion",
    summary="Get one version of a programme (专栏项目某一版本)",
    responses=responses(NotFound),
)
def get_programme_version(
    slug: SlugInPath, version: VersionInPath, query: Annotated[ReadQuery, Query()], reading: Reader
) -> Programme:
    """One immutable version, for ever the same; what it refers to is shown as of its own first day and release."""
    row = pinned(reading.session, ProgrammeVersion, slug, version)
    at = reading.pinned_at(query, row)
    reading.link_versions("programmes", slug)
    return present(reading.session, at, [row])[0]
